import type { FunctionKey } from '../../functions/index.ts';
import { awsError, functionArn, LATEST, resolveFunctionName } from '../../model/index.ts';
import type { CallContext } from '../operation.ts';
import type { LambdaServices } from './services.ts';

/** A function as a request names it: by name, partial or full ARN, with or without a qualifier. */
export interface FunctionReference extends FunctionKey {
  readonly qualifier?: string;
}

interface NamedFunction {
  readonly FunctionName?: string | undefined;
  readonly Qualifier?: string | undefined;
}

/** The function that the request names, once its resource policy lets the caller, where that is another account. */
export async function permittedFunction(
  services: LambdaServices,
  context: CallContext,
  request: { readonly input: NamedFunction; readonly action: string },
): Promise<FunctionReference> {
  const { FunctionName: name = '', Qualifier: qualifier } = request.input;
  const reference = resolveFunctionName(context, name, qualifier);
  const arn = functionArn(reference, reference.name, reference.qualifier);
  await services.access.require(context.caller, `lambda:${request.action}`, arn);
  return reference;
}

/** As `permittedFunction`, for what cannot be done to a version or alias; `$LATEST` is the function itself. */
export async function permittedWholeFunction(
  services: LambdaServices,
  context: CallContext,
  request: { readonly input: { readonly FunctionName?: string | undefined }; readonly action: string },
): Promise<FunctionKey> {
  const { qualifier, ...key } = await permittedFunction(services, context, request);
  if (qualifier === undefined || qualifier === LATEST) return key;
  throw awsError(
    'InvalidParameterValueException',
    'This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.',
  );
}
