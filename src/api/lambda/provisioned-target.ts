import type { GetProvisionedConcurrencyConfigResponse } from '@aws-sdk/client-lambda';
import type { FunctionKey, ProvisionedConfig } from '../../functions/index.ts';
import { awsError, LATEST } from '../../model/index.ts';
import type { ProvisioningStatus } from '../../provisioning/index.ts';
import type { CallContext } from '../operation.ts';
import { permittedFunction } from './function-name.ts';
import { renderTime } from './render-configuration.ts';
import type { LambdaServices } from './services.ts';

interface ProvisionedTarget {
  readonly key: FunctionKey;
  /** `$LATEST` where the request names none; says nothing of whether it is there. */
  readonly qualifier: string;
}

/** What an operation on provisioned concurrency is about. */
export async function provisionedTarget(
  services: LambdaServices,
  context: CallContext,
  request: {
    readonly input: { readonly FunctionName: string; readonly Qualifier: string };
    readonly action: string;
  },
): Promise<ProvisionedTarget> {
  const { qualifier = LATEST, ...key } = await permittedFunction(services, context, request);
  return { key, qualifier };
}

export function renderProvisioned(
  { requested, lastModifiedMs }: ProvisionedConfig,
  { allocated, available, status, reason }: ProvisioningStatus,
): GetProvisionedConcurrencyConfigResponse {
  return {
    RequestedProvisionedConcurrentExecutions: requested,
    AvailableProvisionedConcurrentExecutions: available,
    AllocatedProvisionedConcurrentExecutions: allocated,
    Status: status,
    ...(reason === undefined ? {} : { StatusReason: reason }),
    LastModified: renderTime(lastModifiedMs),
  };
}

export function noProvisionedConfig(): Error {
  return awsError(
    'ProvisionedConcurrencyConfigNotFoundException',
    'No Provisioned Concurrency Config found for this function',
  );
}
