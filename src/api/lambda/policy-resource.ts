import { type PolicyResource, parsePolicyResource, policyResourceArn } from '../../functions/index.ts';
import { awsError, LATEST } from '../../model/index.ts';
import type { CallContext } from '../operation.ts';
import { permittedFunction } from './function-name.ts';
import { parseLayerName } from './layer-name.ts';
import type { LambdaServices } from './services.ts';

interface NamedFunction {
  readonly FunctionName: string;
  readonly Qualifier?: string | undefined;
}

/** The function, version or alias whose policy an operation is about, once the caller may ask. */
export async function functionPolicyResource(
  services: LambdaServices,
  context: CallContext,
  request: { readonly input: NamedFunction; readonly action: string },
): Promise<PolicyResource> {
  const { account, region, name, qualifier = '' } = await permittedFunction(services, context, request);
  return { account, region, kind: 'function', name, qualifier };
}

/** The same by the whole ARN, as the operations of 2026 name it. */
export async function policyResourceByArn(
  services: LambdaServices,
  context: CallContext,
  request: { readonly arn: string; readonly action: string },
): Promise<PolicyResource> {
  const input = { FunctionName: request.arn };
  const resource = await functionPolicyResource(services, context, { input, action: request.action });
  return parsePolicyResource(policyResourceArn(resource)) ?? resource;
}

/** The layer version whose policy an operation is about, once the caller may ask. */
export async function layerPolicyResource(
  services: LambdaServices,
  context: CallContext,
  request: {
    readonly input: { readonly LayerName: string; readonly VersionNumber: number };
    readonly action: string;
  },
): Promise<PolicyResource> {
  const { account, region, name } = parseLayerName(context, request.input.LayerName);
  const qualifier = String(request.input.VersionNumber);
  const resource: PolicyResource = { account, region, kind: 'layer', name, qualifier };
  const action = `lambda:${request.action}`;
  await services.access.require(context.caller, action, policyResourceArn(resource));
  return resource;
}

/** Throws for `$LATEST`, which is the function itself and has no policy of its own. */
export function refuseLatest({ qualifier }: { readonly qualifier: string }): void {
  if (qualifier !== LATEST) return;
  throw awsError(
    'InvalidParameterValueException',
    'We currently do not support adding policies for $LATEST.',
  );
}
