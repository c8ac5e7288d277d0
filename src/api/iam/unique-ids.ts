import type { Ids } from '../../base/index.ts';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** `AROA…` of a role, `ANPA…` of a managed policy: 21 characters (IAM user guide, "IAM identifiers"). */
export function newUniqueId(prefix: 'AROA' | 'ANPA', ids: Ids): string {
  return uniqueId(prefix, ids.hex(34));
}

/** The id that belongs to 34 hexadecimal digits. */
export function uniqueId(prefix: 'AROA' | 'ANPA', hex: string): string {
  const bytes = Buffer.from(hex, 'hex').subarray(0, 17);
  return prefix + Array.from(bytes, (byte) => alphabet.charAt(byte % alphabet.length)).join('');
}
