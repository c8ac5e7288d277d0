import type { CreateFunctionCommandInput, LambdaClient } from '@aws-sdk/client-lambda';
import { UsageError } from './command.ts';

const WAIT_SECONDS = 120;

/** What one deployment asks for, in the words of the AWS API. */
export interface Deployment {
  readonly name: string;
  readonly zip: Uint8Array;
  readonly role?: string;
  /** With which a function is created where none is asked for; absent where one has to be. */
  readonly defaultRole?: string;
  readonly settings: Omit<CreateFunctionCommandInput, 'FunctionName' | 'Code' | 'Role'>;
  readonly publish: boolean;
  readonly alias?: string;
}

/** What a deployment did. */
export interface Deployed {
  readonly arn: string;
  readonly change: 'created' | 'updated';
  /** Of the code, in base64, as AWS gives it. */
  readonly codeSha256?: string;
}

export interface DeploymentWatch {
  readonly signal: AbortSignal;
  /** A few words on what is being waited for. */
  readonly onStep: (step: string) => void;
}

/** Creates the function or brings it up to date, and waits until it is ready. */
export async function applyDeployment(
  client: LambdaClient,
  deployment: Deployment,
  watch: DeploymentWatch,
): Promise<Deployed> {
  const lambda = await import('@aws-sdk/client-lambda');
  const FunctionName = deployment.name;
  const exists = await client
    .send(new lambda.GetFunctionConfigurationCommand({ FunctionName }))
    .then(() => true)
    .catch((error: unknown) => {
      if (error instanceof lambda.ResourceNotFoundException) return false;
      throw error;
    });
  await (exists ? update : create)(client, deployment, watch);
  const ready = await client.send(new lambda.GetFunctionConfigurationCommand({ FunctionName }));
  return {
    arn: ready.FunctionArn ?? FunctionName,
    change: exists ? 'updated' : 'created',
    ...(ready.CodeSha256 === undefined ? {} : { codeSha256: ready.CodeSha256 }),
  };
}

async function create(client: LambdaClient, deployment: Deployment, watch: DeploymentWatch): Promise<void> {
  const lambda = await import('@aws-sdk/client-lambda');
  const { name: FunctionName, settings, role = deployment.defaultRole, zip } = deployment;
  const missing = [
    ...(settings.Runtime ? [] : ['--runtime']),
    ...(settings.Handler ? [] : ['--handler']),
    ...(role ? [] : ['--role-arn']),
  ];
  if (missing.length > 0)
    throw new UsageError(`${FunctionName} does not exist yet: creating it takes ${missing.join(' and ')}`);
  watch.onStep('creating the function');
  const Code = { ZipFile: zip };
  await client.send(new lambda.CreateFunctionCommand({ ...settings, FunctionName, Role: role, Code }));
  watch.onStep('waiting until it is active');
  await lambda.waitUntilFunctionActiveV2(waiting(client, watch), { FunctionName });
}

async function update(client: LambdaClient, deployment: Deployment, watch: DeploymentWatch): Promise<void> {
  const lambda = await import('@aws-sdk/client-lambda');
  const { name: FunctionName, settings, role, zip } = deployment;
  watch.onStep('updating the code');
  await client.send(new lambda.UpdateFunctionCodeCommand({ FunctionName, ZipFile: zip }));
  await lambda.waitUntilFunctionUpdatedV2(waiting(client, watch), { FunctionName });
  const changes = { ...settings, ...(role ? { Role: role } : {}) };
  if (Object.keys(changes).length === 0) return;
  watch.onStep('updating the configuration');
  await client.send(new lambda.UpdateFunctionConfigurationCommand({ ...changes, FunctionName }));
  await lambda.waitUntilFunctionUpdatedV2(waiting(client, watch), { FunctionName });
}

function waiting(client: LambdaClient, { signal }: DeploymentWatch) {
  return { client, maxWaitTime: WAIT_SECONDS, minDelay: 0.1, maxDelay: 1, abortSignal: signal };
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
