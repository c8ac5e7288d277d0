import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { HearthServer } from '../../server/index.ts';
import { type Command, type CommandContext, exitCodes } from '../command.ts';
import { applyDeployment } from '../deployment.ts';
import { readFolder } from '../package/read-folder.ts';
import { zipEntries } from '../package/zip-entries.ts';
import { startFlags, startServer, stopped } from './start.ts';

interface Example {
  readonly name: string;
  readonly about: string;
  /** In order of preference; the first that this machine has is taken. */
  readonly runtimes: readonly string[];
  readonly handler: string;
  readonly memoryMb: number;
}

const examplesFolder = join(import.meta.dirname, '../../../examples');

export const quickstart: Command = {
  name: 'quickstart',
  summary: 'Start, deploy and invoke the examples, stay up',
  flags: startFlags,
  examples: ['hearth quickstart'],
  async run(values, _args, context) {
    const server = await startServer(values, context);
    try {
      await showExamples(server, context);
      await sayHowToGoOn(server, context);
      await stopped(context.signal);
    } finally {
      await server.close();
    }
    return exitCodes.ok;
  },
};

async function showExamples(server: HearthServer, context: CommandContext): Promise<void> {
  const { LambdaClient: Client } = await import('@aws-sdk/client-lambda');
  const client = new Client({
    endpoint: server.endpoint,
    region: 'us-east-1',
    credentials: await server.localCredentials(),
  });
  const examples = JSON.parse(
    readFileSync(join(examplesFolder, 'examples.json'), 'utf8'),
  ) as readonly Example[];
  const present = new Set(await server.runtimes());
  for (const example of examples) {
    if (context.signal.aborted) return;
    const runtime = example.runtimes.find((name) => present.has(name));
    context.output.line();
    if (runtime) await showExample(client, example, runtime, context);
    else
      context.output.line(
        `${example.name}: skipped, this machine has none of ${example.runtimes.join(', ')} (see: hearth runtimes)`,
      );
  }
  client.destroy();
}

async function showExample(
  client: LambdaClient,
  example: Example,
  runtime: string,
  { output, signal }: CommandContext,
): Promise<void> {
  const { InvokeCommand } = await import('@aws-sdk/client-lambda');
  output.line(`${output.style('bold', example.name)}: ${example.about} (${runtime})`);
  const found = await deployExample(client, example, runtime, signal);
  output.line(found === 'unchanged' ? '  still deployed from an earlier start' : '  deployed');
  const event = readFileSync(join(examplesFolder, example.name, 'event.json'));
  const answer = await client.send(
    new InvokeCommand({ FunctionName: example.name, Payload: event, LogType: 'Tail' }),
  );
  const log = Buffer.from(answer.LogResult ?? '', 'base64')
    .toString()
    .trimEnd();
  for (const line of log.split('\n')) output.line(`  ${output.style('dim', shown(line))}`);
  const style = answer.FunctionError ? 'red' : 'green';
  output.line(`  ${output.style(style, '→')} ${answer.Payload?.transformToString() ?? ''}`);
}

/** Tabs would break REPORT lines apart. */
function shown(line: string): string {
  return line.trimEnd().replaceAll('\t', '  ');
}

async function deployExample(
  client: LambdaClient,
  example: Example,
  runtime: string,
  signal: AbortSignal,
): Promise<'deployed' | 'unchanged'> {
  const { GetFunctionConfigurationCommand } = await import('@aws-sdk/client-lambda');
  const zip = zipEntries(readFolder(join(examplesFolder, example.name)));
  const present = await client
    .send(new GetFunctionConfigurationCommand({ FunctionName: example.name }))
    .catch(() => undefined);
  if (present?.CodeSha256 === createHash('sha256').update(zip).digest('base64')) return 'unchanged';
  await applyDeployment(
    client,
    {
      name: example.name,
      zip,
      role: 'arn:aws:iam::000000000000:role/hearth-examples',
      publish: false,
      settings: {
        Runtime: runtime as 'python3.12',
        Handler: example.handler,
        MemorySize: example.memoryMb,
        Timeout: 10,
        Description: example.about,
      },
    },
    { signal, onStep: () => undefined },
  );
  return 'deployed';
}

async function sayHowToGoOn(server: HearthServer, { output }: CommandContext): Promise<void> {
  const { accessKeyId, secretAccessKey } = await server.localCredentials();
  output.line(`
Go on with the AWS CLI, in another terminal:

  export AWS_ENDPOINT_URL=${server.endpoint}
  export AWS_ACCESS_KEY_ID=${accessKeyId} AWS_SECRET_ACCESS_KEY=${secretAccessKey}
  export AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1

  aws lambda list-functions --query 'Functions[].FunctionName'
  aws lambda invoke --function-name hello-python \\
      --payload fileb://examples/hello-python/event.json answer.json
  aws logs tail /aws/lambda/hello-python --follow

The AWS CLI 2 before 2.13 takes --endpoint-url "$AWS_ENDPOINT_URL" as well, and
version 1 has no "logs tail". Hearth's own: node bin/hearth.js logs hello-python

${output.style('dim', 'Ctrl-C stops Hearth; what was deployed is there at the next start.')}`);
}
