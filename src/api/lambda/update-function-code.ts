import type { FunctionConfiguration, UpdateFunctionCodeRequest } from '@aws-sdk/client-lambda';
import { LATEST } from '../../model/index.ts';
import type { Operation } from '../operation.ts';
import { permittedWholeFunction } from './function-name.ts';
import { parseCode } from './parse-configuration.ts';
import { refusedAtUpdateCode } from './refused-settings.ts';
import { renderConfiguration } from './render-configuration.ts';
import type { LambdaServices } from './services.ts';

export const updateFunctionCode: Operation<LambdaServices, UpdateFunctionCodeRequest, FunctionConfiguration> =
  {
    name: 'UpdateFunctionCode',
    members: { refused: refusedAtUpdateCode },
    async run(services, input, context) {
      const key = await permittedWholeFunction(services, context, { input, action: 'UpdateFunctionCode' });
      const version = await services.functions.updateCode(key, {
        code: parseCode(input, context),
        architecture: input.Architectures?.[0],
        publish: input.Publish ?? false,
        dryRun: input.DryRun ?? false,
        revisionId: input.RevisionId,
      });
      return renderConfiguration(version, version.version === LATEST ? undefined : version.version);
    },
  };
