import type { CreateFunctionRequest, FunctionConfiguration } from '@aws-sdk/client-lambda';
import { machineArchitecture } from '../../functions/index.ts';
import { awsError } from '../../model/index.ts';
import type { Operation } from '../operation.ts';
import { permittedWholeFunction } from './function-name.ts';
import { parseCode, parseConfiguration } from './parse-configuration.ts';
import { requireOwnRole } from './pass-role.ts';
import { refusedAtCreate } from './refused-settings.ts';
import { renderConfiguration } from './render-configuration.ts';
import type { LambdaServices } from './services.ts';

export const createFunction: Operation<LambdaServices, CreateFunctionRequest, FunctionConfiguration> = {
  name: 'CreateFunction',
  members: { refused: refusedAtCreate },
  async run(services, input, context) {
    const key = await permittedWholeFunction(services, context, { input, action: 'CreateFunction' });
    const { Role: roleArn = '' } = input;
    const { runtime, handler } = startOf(input);
    requireOwnRole(context, key.account, roleArn);
    const version = await services.functions.create(key, {
      configuration: { ...parseConfiguration(input), runtime, handler, roleArn },
      architecture: input.Architectures?.[0] ?? machineArchitecture,
      tenantIsolation: input.TenancyConfig?.TenantIsolationMode,
      code: parseCode(input.Code ?? {}, context),
      layerArns: input.Layers ?? [],
      tags: input.Tags ?? {},
      publish: input.Publish ?? false,
      caller: context.caller,
    });
    return renderConfiguration(version);
  },
};

/** A zip says what runs it; an image must not, which is checked with its other settings. */
function startOf(input: CreateFunctionRequest): { readonly runtime: string; readonly handler: string } {
  const { Runtime: runtime, Handler: handler, PackageType: type = 'Zip', Code: code } = input;
  if (type === 'Image') {
    if (code?.ImageUri !== undefined) return { runtime: runtime ?? '', handler: handler ?? '' };
    throw invalid('Please provide ImageUri when the intended function PackageType is Image.');
  }
  if (code?.ImageUri !== undefined) {
    throw invalid("Please don't provide ImageUri when the intended function PackageType is Zip.");
  }
  if (runtime === undefined || handler === undefined) {
    throw invalid(
      'Runtime and Handler are mandatory parameters for functions created with deployment packages.',
    );
  }
  return { runtime, handler };
}

function invalid(message: string): Error {
  return awsError('InvalidParameterValueException', message);
}
