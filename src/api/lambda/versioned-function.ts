import { type FunctionKey, isVersionName } from '../../functions/index.ts';
import { awsError, type FunctionVersion, functionArn, LATEST } from '../../model/index.ts';
import type { CallContext } from '../operation.ts';
import { permittedFunction } from './function-name.ts';
import type { LambdaServices } from './services.ts';

interface VersionedFunction {
  readonly key: FunctionKey;
  /** `$LATEST` where the request names none. */
  readonly qualifier: string;
  readonly version: FunctionVersion;
  /** Always with a qualifier. */
  readonly arn: string;
}

/** The version that an operation is about, for settings that an alias cannot have. */
export async function versionedFunction(
  services: LambdaServices,
  context: CallContext,
  request: {
    readonly input: { readonly FunctionName: string; readonly Qualifier?: string | undefined };
    readonly action: string;
  },
): Promise<VersionedFunction> {
  const { qualifier: given, ...key } = await permittedFunction(services, context, request);
  const qualifier = given ?? LATEST;
  const { version } = await services.functions.get(key, given);
  if (!isVersionName(qualifier)) {
    throw awsError(
      'InvalidParameterValueException',
      `${request.action} needs $LATEST or a version number, and ${qualifier} is an alias.`,
    );
  }
  return { key, qualifier, version, arn: functionArn(key, key.name, qualifier) };
}
