import { randomBytes } from 'node:crypto';
import { chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/**
 * The secret kept in a file that only its owner may read: `bytes` random bytes as hexadecimal text, made at first use.
 * A crash leaves the whole file or none.
 */
export function secretFile(path: string, bytes: number): string {
  const known = readSecret(path);
  if (known !== undefined) return known;
  const secret = randomBytes(bytes).toString('hex');
  writeFileSync(`${path}.new`, `${secret}\n`, { mode: 0o600, flush: true });
  renameSync(`${path}.new`, path);
  return secret;
}

function readSecret(path: string): string | undefined {
  try {
    chmodSync(path, 0o600);
    const secret = readFileSync(path, 'utf8').trim();
    return secret === '' ? undefined : secret;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
