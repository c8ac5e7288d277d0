import type { FunctionCodeLocation, GetFunctionRequest, GetFunctionResponse } from '@aws-sdk/client-lambda';
import type { FunctionVersion } from '../../model/index.ts';
import type { CallContext, Operation } from '../operation.ts';
import { permittedFunction } from './function-name.ts';
import { renderConfiguration } from './render-configuration.ts';
import type { LambdaServices } from './services.ts';

export const getFunction: Operation<LambdaServices, GetFunctionRequest, GetFunctionResponse> = {
  name: 'GetFunction',
  async run(services, input, context) {
    const { qualifier, ...key } = await permittedFunction(services, context, {
      input,
      action: 'GetFunction',
    });
    const [{ version }, tags, reserved] = await Promise.all([
      services.functions.get(key, qualifier),
      services.tags.list(key),
      services.concurrency.reserved(key),
    ]);
    return {
      Configuration: renderConfiguration(version, qualifier),
      Code: renderCode(services, version, context),
      ...(Object.keys(tags).length > 0 ? { Tags: tags } : {}),
      ...(reserved === undefined ? {} : { Concurrency: { ReservedConcurrentExecutions: reserved } }),
    };
  },
};

function renderCode(
  services: LambdaServices,
  { code }: FunctionVersion,
  { baseUrl }: CallContext,
): FunctionCodeLocation {
  if (code.kind === 'image') {
    return { RepositoryType: 'ECR', ImageUri: code.uri, ResolvedImageUri: code.resolvedUri };
  }
  const location =
    code.kind === 'archive'
      ? services.downloadLinks.sign(baseUrl, code.sha256Hex)
      : new URL(`file://${encodeURI(code.hostPath)}`).href;
  return { RepositoryType: 'S3', Location: location };
}
