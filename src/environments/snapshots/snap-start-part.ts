import type { FunctionVersion } from '../../model/index.ts';
import { CREDENTIALS_PATH, type RestoreRole } from '../../runtime-api/index.ts';
import type { EnvironmentServices } from '../services.ts';
import type { Snapshot } from './snapshot.ts';

/** How a process takes part in SnapStart: it runs Init for all, or goes on from there. */
export type SnapStartPart =
  | { readonly kind: 'snapshot'; readonly authorizationToken: string }
  | { readonly kind: 'restored'; readonly snapshot: Snapshot };

/** Where the SDKs let themselves be sent for credentials by plain HTTP: the loopback, and not the Runtime API's address. */
export const CREDENTIALS = { host: '127.0.0.1', port: 9_001 } as const;

/** For the variables that Init sees. */
export function credentialsEndpoint(part: SnapStartPart) {
  const url = `http://${CREDENTIALS.host}:${CREDENTIALS.port}${CREDENTIALS_PATH}`;
  return { url, authorizationToken: tokenOf(part) };
}

/** What its Runtime API session answers beyond the others. */
export function restoreRoleOf(options: {
  readonly version: FunctionVersion;
  readonly services: EnvironmentServices;
  readonly snapStart?: SnapStartPart;
}): RestoreRole | undefined {
  const { version, services, snapStart } = options;
  if (!snapStart) return undefined;
  return {
    kind: snapStart.kind,
    authorizationToken: tokenOf(snapStart),
    credentials: () => {
      const keys = services.credentials(version);
      return {
        AccessKeyId: keys.accessKeyId,
        SecretAccessKey: keys.secretAccessKey,
        Token: keys.sessionToken,
        Expiration: new Date(keys.expiresAtMs).toISOString(),
      };
    },
  };
}

function tokenOf(part: SnapStartPart): string {
  return part.kind === 'snapshot' ? part.authorizationToken : part.snapshot.authorizationToken;
}
