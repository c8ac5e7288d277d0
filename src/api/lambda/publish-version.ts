import type { FunctionConfiguration, PublishVersionRequest } from '@aws-sdk/client-lambda';
import type { Operation } from '../operation.ts';
import { permittedWholeFunction } from './function-name.ts';
import { refusedAtPublish } from './refused-settings.ts';
import { renderConfiguration } from './render-configuration.ts';
import type { LambdaServices } from './services.ts';

export const publishVersion: Operation<LambdaServices, PublishVersionRequest, FunctionConfiguration> = {
  name: 'PublishVersion',
  members: { refused: refusedAtPublish },
  async run(services, input, context) {
    const key = await permittedWholeFunction(services, context, { input, action: 'PublishVersion' });
    const version = await services.versions.publish(key, {
      codeSha256: input.CodeSha256,
      description: input.Description,
      revisionId: input.RevisionId,
    });
    return renderConfiguration(version, version.version);
  },
};
