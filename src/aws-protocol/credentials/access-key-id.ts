import type { Ids } from '../../base/index.ts';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** `AKIA` (long-lived), `ASIA` (session) or `AROA` (role) and 16 random characters, as AWS writes them. */
export function accessKeyId(prefix: 'AKIA' | 'ASIA' | 'AROA', ids: Ids): string {
  const random = Buffer.from(ids.hex(32), 'hex');
  return prefix + Array.from(random, (byte) => alphabet.charAt(byte & 31)).join('');
}
