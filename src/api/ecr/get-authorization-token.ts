import { awsError, notImplemented } from '../../model/index.ts';
import type { Operation } from '../operation.ts';
import type { EcrServices } from './services.ts';

interface GetAuthorizationTokenResponse {
  readonly authorizationData: readonly {
    /** Base64 of `user:password`. */
    readonly authorizationToken: string;
    readonly expiresAt: Date;
    readonly proxyEndpoint: string;
  }[];
}

/** As long as AWS's tokens are good. What stands in one here is good for as long as the registry takes it. */
const LIFETIME_MS = 12 * 3_600_000;
/** AWS's user, and a password for a registry that asks for none. */
const ANONYMOUS = 'AWS:anonymous';

/** Leads to the registry of `--registry`, with the login that stands in its address: the operator hands it to every caller. */
export const getAuthorizationToken: Operation<EcrServices, object, GetAuthorizationTokenResponse> = {
  name: 'GetAuthorizationToken',
  members: {
    refused: { registryIds: { hint: 'There is one registry for all accounts: leave registryIds out.' } },
  },
  run({ registry, clock }, _input, { origin }) {
    if (origin === 'environment') {
      throw awsError('AccessDeniedException', 'Functions get no login for the registry.');
    }
    if (!registry) {
      throw notImplemented(
        'GetAuthorizationToken',
        undefined,
        "Name a registry when you start Hearth, as in 'hearth start --registry http://127.0.0.1:5000'.",
      );
    }
    return {
      authorizationData: [
        {
          authorizationToken: Buffer.from(registry.login ?? ANONYMOUS).toString('base64'),
          expiresAt: new Date(clock.nowMs() + LIFETIME_MS),
          proxyEndpoint: registry.url,
        },
      ],
    };
  },
};
