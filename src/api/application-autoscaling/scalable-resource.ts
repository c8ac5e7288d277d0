import { parseResourceId, type ScalableTarget, type TargetKey } from '../../autoscaling/index.ts';
import { AwsError, notImplemented, serviceError } from '../../model/index.ts';
import type { CallContext } from '../operation.ts';
import type { AutoscalingServices } from './services.ts';

/** The one dimension that Lambda has. */
export const DIMENSION = 'lambda:function:ProvisionedConcurrency';

interface NamedResource {
  readonly ServiceNamespace?: string | undefined;
  readonly ResourceId?: string | undefined;
  readonly ScalableDimension?: string | undefined;
}

/** The resource that a request names. 501 for services that Hearth does not have. */
export function targetKey(operation: string, input: NamedResource, context: CallContext): TargetKey {
  requireLambda(operation, input);
  const { ResourceId: resourceId = '' } = input;
  if (!parseResourceId(resourceId)) {
    throw validation('Unsupported service namespace, resource type or scalable dimension');
  }
  return { account: context.account, region: context.region, resourceId };
}

export function requireLambda(
  operation: string,
  { ServiceNamespace: namespace, ScalableDimension: dimension = DIMENSION }: NamedResource,
): void {
  if (namespace !== 'lambda') {
    throw notImplemented(
      operation,
      `ServiceNamespace=${namespace ?? ''}`,
      'Hearth scales functions: use lambda.',
    );
  }
  if (dimension !== DIMENSION) {
    throw validation('Unsupported service namespace, resource type or scalable dimension');
  }
}

/** The registered target of a resource. */
export async function requireTarget(
  services: AutoscalingServices,
  key: TargetKey,
  found: 'found' | 'registered',
): Promise<ScalableTarget> {
  const target = await services.scaling.target(key);
  if (!target) throw noTarget(key, found);
  return target;
}

export function noTarget({ resourceId }: TargetKey, found: 'found' | 'registered'): AwsError {
  return serviceError(
    'ObjectNotFoundException',
    400,
    `No scalable target ${found} for service namespace: lambda, resource ID: ${resourceId}, scalable dimension: ${DIMENSION}`,
  );
}

export function validation(message: string): AwsError {
  return serviceError('ValidationException', 400, message);
}

/** What Lambda refuses, as Application Auto Scaling passes it on. */
export function refusedByLambda(error: unknown): unknown {
  return error instanceof AwsError && error.status < 500 ? validation(error.message) : error;
}

export function targetArn({ account, region, id }: ScalableTarget): string {
  return `arn:aws:application-autoscaling:${region}:${account}:scalable-target/${id}`;
}

const DEFAULT_PAGE = 50;

/** How many a page of a description has. */
export function pageSize(asked: number | undefined): number {
  return Math.min(asked ?? DEFAULT_PAGE, DEFAULT_PAGE);
}

export function renderToken(position: readonly string[]): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** The inverse; throws `InvalidNextTokenException` for what is no token of as many parts. */
export function parseToken(token: string | undefined, parts: number): readonly string[] {
  if (token === undefined) return Array.from({ length: parts }, () => '');
  try {
    const position: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    if (Array.isArray(position) && position.length === parts && position.every(isPlainText)) return position;
  } catch {
    // Falls through to the refusal.
  }
  throw serviceError('InvalidNextTokenException', 400, 'The next token supplied was invalid.');
}

function isPlainText(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\0');
}
