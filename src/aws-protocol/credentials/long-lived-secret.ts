import { createHmac } from 'node:crypto';

/**
 * The secret of a long-lived access key, derived from a key of the data folder: SigV4 needs the secret itself, and so
 * none has to be stored.
 */
export function longLivedSecret(masterKey: Uint8Array, keyId: string): string {
  return createHmac('sha256', masterKey).update(`access-key\n${keyId}`).digest('base64').slice(0, 40);
}
