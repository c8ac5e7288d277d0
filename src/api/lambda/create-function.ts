import type { CreateFunctionRequest, FunctionConfiguration } from '@aws-sdk/client-lambda';
import { awsError } from '../../model/index.ts';
import type { Operation } from '../operation.ts';
import { permittedWholeFunction } from './function-name.ts';
import { parseCode, parseConfiguration } from './parse-configuration.ts';
import { requireOwnRole } from './pass-role.ts';
import { machineArchitecture, refusedAtCreate } from './refused-settings.ts';
import { renderConfiguration } from './render-configuration.ts';
import type { LambdaServices } from './services.ts';

export const createFunction: Operation<LambdaServices, CreateFunctionRequest, FunctionConfiguration> = {
  name: 'CreateFunction',
  members: { refused: refusedAtCreate },
  async run(services, input, context) {
    const key = await permittedWholeFunction(services, context, { input, action: 'CreateFunction' });
    const { Runtime: runtime, Handler: handler, Role: roleArn = '' } = input;
    if (runtime === undefined || handler === undefined) {
      throw awsError(
        'InvalidParameterValueException',
        'Runtime and Handler are mandatory parameters for functions created with deployment packages.',
      );
    }
    requireOwnRole(context, key.account, roleArn);
    const version = await services.functions.create(key, {
      configuration: { ...parseConfiguration(input), runtime, handler, roleArn },
      architecture: machineArchitecture,
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
