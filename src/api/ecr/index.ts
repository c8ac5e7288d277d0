import type { Operation } from '../operation.ts';
import { getAuthorizationToken } from './get-authorization-token.ts';
import type { EcrServices } from './services.ts';

export type { EcrServices } from './services.ts';

/** What `docker login` and `aws ecr get-login-password` need. Repositories are the registry's own business: 501 by name. */
export const ecrOperations: readonly Operation<EcrServices, never, unknown>[] = [getAuthorizationToken];
