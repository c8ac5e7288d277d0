import { awsError, type Scope } from '../../model/index.ts';
import type { CallContext } from '../operation.ts';

interface LayerReference extends Scope {
  readonly name: string;
}

/** A layer by name or ARN. Throws 404 for another region. */
export function parseLayerName(context: CallContext, text: string | undefined): LayerReference {
  const match = /^arn:[a-zA-Z0-9-]+:lambda:([a-zA-Z0-9-]+):(\d{12}):layer:([a-zA-Z0-9-_]+)$/.exec(text ?? '');
  const [, region = context.region, account = context.account, name = text ?? ''] = match ?? [];
  if (region !== context.region) {
    throw awsError('ResourceNotFoundException', 'The resource you requested does not exist.');
  }
  return { account, region, name };
}

/** As `parseLayerName`, for what only the owner can do: no layer policy can permit it to others. */
export function parseOwnLayerName(
  context: CallContext,
  request: { readonly name: string | undefined; readonly action: string },
): LayerReference {
  const layer = parseLayerName(context, request.name);
  if (layer.account === context.caller.account) return layer;
  throw awsError(
    'AccessDeniedException',
    `User: ${context.caller.arn} is not authorized to perform: lambda:${request.action} on resource: ${request.name}`,
  );
}
