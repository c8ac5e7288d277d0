import type { CreateFunctionCommandInput, LambdaClient } from '@aws-sdk/client-lambda';
import { UsageError } from './command.ts';

const WAIT_SECONDS = 120;

/** What one deployment asks for, in the words of the AWS API. */
export interface Deployment {
  readonly name: string;
  readonly zip: Uint8Array;
  readonly role: string;
  readonly settings: Omit<CreateFunctionCommandInput, 'FunctionName' | 'Code' | 'Role'>;
  readonly publish: boolean;
  readonly alias?: string;
}

/** Creates the function or brings it up to date, waits until it is ready, and gives its ARN. */
export async function applyDeployment(
  client: LambdaClient,
  deployment: Deployment,
  signal: AbortSignal,
): Promise<string> {
  const lambda = await import('@aws-sdk/client-lambda');
  const FunctionName = deployment.name;
  const wait = { client, maxWaitTime: WAIT_SECONDS, minDelay: 0.1, maxDelay: 1, abortSignal: signal };
  const exists = await client.send(new lambda.GetFunctionConfigurationCommand({ FunctionName })).then(
    () => true,
    (error: unknown) => {
      if (error instanceof lambda.ResourceNotFoundException) return false;
      throw error;
    },
  );
  if (!exists) {
    if (!deployment.settings.Runtime || !deployment.settings.Handler) {
      throw new UsageError(
        `${FunctionName} does not exist yet: --runtime and --handler are required to create it`,
      );
    }
    await client.send(
      new lambda.CreateFunctionCommand({
        ...deployment.settings,
        FunctionName,
        Role: deployment.role,
        Code: { ZipFile: deployment.zip },
      }),
    );
    await lambda.waitUntilFunctionActiveV2(wait, { FunctionName });
  } else {
    await client.send(new lambda.UpdateFunctionCodeCommand({ FunctionName, ZipFile: deployment.zip }));
    await lambda.waitUntilFunctionUpdatedV2(wait, { FunctionName });
    if (Object.keys(deployment.settings).length > 0) {
      await client.send(
        new lambda.UpdateFunctionConfigurationCommand({ ...deployment.settings, FunctionName }),
      );
      await lambda.waitUntilFunctionUpdatedV2(wait, { FunctionName });
    }
  }
  const { FunctionArn } = await client.send(new lambda.GetFunctionConfigurationCommand({ FunctionName }));
  return FunctionArn ?? FunctionName;
}

/** Publishes a version, points the alias at it where one is asked for, and gives the version. */
export async function publishDeployment(client: LambdaClient, deployment: Deployment): Promise<string> {
  const lambda = await import('@aws-sdk/client-lambda');
  const FunctionName = deployment.name;
  const { Version: FunctionVersion = '' } = await client.send(
    new lambda.PublishVersionCommand({ FunctionName }),
  );
  const Name = deployment.alias;
  if (Name === undefined) return FunctionVersion;
  await client
    .send(new lambda.UpdateAliasCommand({ FunctionName, Name, FunctionVersion }))
    .catch(async (error: unknown) => {
      if (!(error instanceof lambda.ResourceNotFoundException)) throw error;
      await client.send(new lambda.CreateAliasCommand({ FunctionName, Name, FunctionVersion }));
    });
  return FunctionVersion;
}
