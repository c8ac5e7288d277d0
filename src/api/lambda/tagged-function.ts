import type { FunctionKey } from '../../functions/index.ts';
import { awsError } from '../../model/index.ts';
import type { CallContext } from '../operation.ts';
import { permittedFunction } from './function-name.ts';
import type { LambdaServices } from './services.ts';

/**
 * The function whose tags an operation is about. Throws for versions and aliases, and 404 for the other kinds that AWS can tag,
 * of which none can be made here.
 */
export async function taggedFunction(
  services: LambdaServices,
  context: CallContext,
  request: { readonly arn: string; readonly action: string },
): Promise<FunctionKey> {
  refuseOtherKinds(request.arn);
  const input = { FunctionName: request.arn };
  const { qualifier, ...key } = await permittedFunction(services, context, { input, action: request.action });
  if (qualifier === undefined) return key;
  throw awsError(
    'InvalidParameterValueException',
    'Tags on function aliases and versions are not supported. Please specify a function ARN.',
  );
}

function refuseOtherKinds(arn: string): void {
  switch (arn.split(':')[5]) {
    case 'event-source-mapping':
      throw awsError('ResourceNotFoundException', `Event source mapping not found: ${arn}`);
    case 'capacity-provider':
      throw awsError('ResourceNotFoundException', `Capacity provider not found: ${arn}`);
    case 'code-signing-config':
      throw awsError(
        'CodeSigningConfigNotFoundException',
        `The Lambda code signing configuration ${arn} can not be found.`,
        { type: 'none' },
      );
    default:
  }
}
