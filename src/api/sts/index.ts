import type { Operation } from '../operation.ts';
import { assumeRole } from './assume-role.ts';
import { getCallerIdentity } from './get-caller-identity.ts';
import type { StsServices } from './services.ts';

export type { StsServices } from './services.ts';

/** The operations of STS that Hearth performs; whatever else STS has is answered 501. */
export const stsOperations: readonly Operation<StsServices, never, unknown>[] = [
  assumeRole,
  getCallerIdentity,
];
