import { awsError } from '../../model/index.ts';
import { isVersionName } from '../aliases-store.ts';
import type { Reader } from '../functions-store.ts';
import { readLayerVersion } from '../layers-store.ts';
import { functionNotFound } from '../not-found.ts';
import { functionExists, qualifierExists } from '../qualified-target.ts';
import { type PolicyResource, policyResourceArn } from './policy-resource.ts';

/** Throws `ResourceNotFoundException`, worded for its kind, unless the function, version, alias or layer version is there. */
export async function requirePolicyTarget(
  reader: Reader,
  resource: PolicyResource,
  noFunction: (resource: PolicyResource) => Error = notFoundByArn,
): Promise<void> {
  const { qualifier } = resource;
  if (resource.kind === 'layer') {
    if (await readLayerVersion(reader, resource, Number(qualifier))) return;
    throw notFound(`Layer version ${policyResourceArn(resource)} does not exist.`);
  }
  if (!(await functionExists(reader, resource))) throw noFunction(resource);
  if (qualifier === '' || (await qualifierExists(reader, resource, qualifier))) return;
  if (isVersionName(qualifier)) throw notFoundByArn(resource);
  throw notFound(`Cannot find alias arn: ${policyResourceArn(resource)}`);
}

function notFoundByArn(resource: PolicyResource): Error {
  const { name, qualifier } = resource;
  return functionNotFound({ ...resource, name }, qualifier === '' ? undefined : qualifier);
}

function notFound(message: string): Error {
  return awsError('ResourceNotFoundException', message);
}
