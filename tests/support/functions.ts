import {
  type CreateFunctionCommandInput,
  CreateFunctionCommand,
  InvokeCommand,
  LambdaClient,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda';
import { zip } from './zip.ts';

export const ROLE = 'arn:aws:iam::000000000000:role/any';

/** The runtimes that tests write functions for; both are on every machine that is set up. */
export const runtimes = { python: 'python3.11', node: 'nodejs24.x' } as const;

/** An SDK client of the given server, as account 000000000000. */
export function lambdaClient(endpoint: string, accessKeyId = 'test'): LambdaClient {
  return new LambdaClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId, secretAccessKey: 'test' },
    maxAttempts: 1,
  });
}

export interface TestFunction extends Omit<CreateFunctionCommandInput, 'Role' | 'Code' | 'FunctionName'> {
  readonly name: string;
  readonly files: Readonly<Record<string, string | Uint8Array>>;
}

/** Creates a function from source text and waits until it is active. */
export async function createFunction(
  client: LambdaClient,
  { name, files, ...settings }: TestFunction,
): Promise<string> {
  const made = await client.send(
    new CreateFunctionCommand({ FunctionName: name, Role: ROLE, Code: { ZipFile: zip(files) }, ...settings }),
  );
  await waitUntilFunctionActiveV2(
    { client, maxWaitTime: 60, minDelay: 0.05, maxDelay: 0.5 },
    { FunctionName: name },
  );
  return made.FunctionArn ?? '';
}

/** A Python function whose module is `source`, which defines `handler`. */
export async function createPython(
  client: LambdaClient,
  name: string,
  source: string,
  more: Partial<TestFunction> = {},
): Promise<string> {
  return await createFunction(client, {
    name,
    files: { 'app.py': source },
    Runtime: runtimes.python,
    Handler: 'app.handler',
    ...more,
  });
}

/** A Node.js function whose ES module is `source`, which exports `handler`. */
export async function createNode(
  client: LambdaClient,
  name: string,
  source: string,
  more: Partial<TestFunction> = {},
): Promise<string> {
  return await createFunction(client, {
    name,
    files: { 'index.mjs': source },
    Runtime: runtimes.node,
    Handler: 'index.handler',
    ...more,
  });
}

export interface Answer {
  readonly payload: unknown;
  readonly functionError?: string;
  readonly executedVersion?: string;
  readonly log: string;
}

/** Invokes and parses; the log is the last 4 KB of this invocation's. */
export async function invoke(
  client: LambdaClient,
  name: string,
  event: unknown = {},
  qualifier?: string,
): Promise<Answer> {
  const answer = await client.send(
    new InvokeCommand({
      FunctionName: name,
      Payload: Buffer.from(JSON.stringify(event)),
      LogType: 'Tail',
      ...(qualifier === undefined ? {} : { Qualifier: qualifier }),
    }),
  );
  const text = answer.Payload?.transformToString() ?? '';
  return {
    payload: text === '' ? undefined : JSON.parse(text),
    log: Buffer.from(answer.LogResult ?? '', 'base64').toString(),
    ...(answer.FunctionError === undefined ? {} : { functionError: answer.FunctionError }),
    ...(answer.ExecutedVersion === undefined ? {} : { executedVersion: answer.ExecutedVersion }),
  };
}
