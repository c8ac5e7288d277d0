import { awsError, type FunctionVersion } from '../model/index.ts';

/** A function with tenant isolation is told the tenant at each invocation, and no other ever is. */
export function requireTenant({ tenantIsolation }: FunctionVersion, tenantId: string | undefined): void {
  if ((tenantIsolation === undefined) === (tenantId === undefined)) return;
  throw awsError(
    'InvalidParameterValueException',
    tenantIsolation
      ? 'The invoked function is enabled with tenancy configuration. Add a valid tenant ID in your request and try again.'
      : 'The invoked function is not enabled with tenancy configuration. Remove the tenant ID from your request and try again.',
  );
}
