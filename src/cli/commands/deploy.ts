import type { CreateFunctionCommandInput } from '@aws-sdk/client-lambda';
import { endpointFlags, endpointOf, lambdaClient } from '../clients.ts';
import {
  type Command,
  type CommandContext,
  exitCodes,
  type FlagValues,
  text,
  texts,
  UsageError,
  wholeNumber,
} from '../command.ts';
import { type Deployed, type Deployment, applyDeployment, publishDeployment } from '../deployment.ts';
import { findCredentials } from '../package/find-credentials.ts';
import { readPackage } from '../package/read-package.ts';

const DEFAULT_ROLE = 'arn:aws:iam::000000000000:role/hearth';

export const deploy: Command = {
  name: 'deploy',
  summary: 'Create or update a function from a folder, a zip or a jar',
  flags: [
    { flags: '--function-name <name>', description: 'the function (required)' },
    {
      flags: '--source-dir <folder>',
      description: 'what to package (default: the current one); a .hearthignore in it leaves files out',
    },
    { flags: '--zip-file <file>', description: 'a .zip or .jar to deploy as it is, instead of a folder' },
    { flags: '--handler <handler>', description: 'such as app.handler' },
    { flags: '--runtime <runtime>', description: 'such as python3.12, nodejs24.x, java21, provided.al2023' },
    { flags: '--memory <mb>', description: 'memory in MB, 128 to 10240; CPU grows with it' },
    { flags: '--timeout <seconds>', description: 'seconds, 1 to 900' },
    {
      flags: '--env <key=value>',
      description: 'an environment variable; those given replace all others',
      repeat: true,
    },
    { flags: '--layers <arn>', description: 'a layer version, in order', repeat: true },
    { flags: '--description <text>', description: 'what the function is for' },
    { flags: '--role-arn <arn>', description: 'the execution role (default on a local server: any)' },
    { flags: '--publish', description: 'publish a version' },
    { flags: '--alias <name>', description: 'publish a version and point this alias at it' },
    ...endpointFlags,
  ],
  examples: [
    'hearth deploy --function-name hello --source-dir ./src \\\n      --handler app.handler --runtime python3.12',
    'hearth deploy --function-name hello --env STAGE=test --memory 512 --alias live',
    'hearth deploy --function-name orders --zip-file target/orders.jar \\\n      --handler shop.Orders::handle --runtime java21',
  ],
  async run(values, _args, context) {
    const deployment = readDeployment(values, context);
    const client = await lambdaClient(values, context);
    const { output } = context;
    const subject = `${deployment.name} (${kilobytes(deployment.zip.length)})`;
    const onStep = (step: string) => output.progress(`${subject}: ${step} …`);
    try {
      const deployed = await applyDeployment(client, deployment, { signal: context.signal, onStep });
      if (deployment.publish) onStep('publishing a version');
      const version = deployment.publish ? await publishDeployment(client, deployment) : undefined;
      output.progress('');
      print(context, deployment, version === undefined ? deployed : { ...deployed, version });
    } finally {
      output.progress('');
    }
    return exitCodes.ok;
  },
};

function print(
  { output }: CommandContext,
  { alias, zip }: Deployment,
  { arn, change, codeSha256, version }: Deployed & { readonly version?: string },
): void {
  if (output.format === 'json') {
    output.json({
      FunctionArn: arn,
      CodeSha256: codeSha256,
      ...(version ? { Version: version } : {}),
      ...(alias ? { Alias: alias } : {}),
    });
    return;
  }
  const published = version ? `, version ${version}` : '';
  const pointed = alias ? `, alias ${alias} points at it` : '';
  output.line(
    `${output.style('green', change === 'created' ? 'Created' : 'Updated')} ${arn} (${kilobytes(zip.length)})${published}${pointed}`,
  );
}

function readDeployment(values: FlagValues, context: CommandContext): Deployment {
  const name = text(values, 'function-name');
  if (!name) throw new UsageError('--function-name is required');
  const { zip, entries } = readPackage(text(values, 'source-dir'), text(values, 'zip-file'));
  const environment = readEnvironment(values);
  for (const warning of findCredentials(entries, environment)) context.output.note(`Warning: ${warning}`);
  const alias = text(values, 'alias');
  return {
    name,
    zip,
    settings: readSettings(values, environment),
    ...roleOf(values, context),
    publish: values['publish'] === true || alias !== undefined,
    ...(alias === undefined ? {} : { alias }),
  };
}

/** A Hearth server of one's own takes any role; whoever names another endpoint knows which. */
function roleOf(values: FlagValues, context: CommandContext): Pick<Deployment, 'role' | 'defaultRole'> {
  const role = text(values, 'role-arn');
  if (role !== undefined) return { role };
  return endpointOf(values, context, 'LAMBDA') === undefined ? {} : { defaultRole: DEFAULT_ROLE };
}

function readEnvironment(values: FlagValues): Readonly<Record<string, string>> {
  return Object.fromEntries(
    texts(values, 'env').map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw new UsageError(`--env takes KEY=VALUE, not '${pair}'`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

function readSettings(
  values: FlagValues,
  environment: Readonly<Record<string, string>>,
): Deployment['settings'] {
  const given = {
    Handler: text(values, 'handler'),
    Runtime: text(values, 'runtime') as CreateFunctionCommandInput['Runtime'],
    Description: text(values, 'description'),
    MemorySize: wholeNumber(values, 'memory', 128, 10_240),
    Timeout: wholeNumber(values, 'timeout', 1, 900),
    Environment: texts(values, 'env').length > 0 ? { Variables: { ...environment } } : undefined,
    Layers: texts(values, 'layers').length > 0 ? [...texts(values, 'layers')] : undefined,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function kilobytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024)} KB`;
}
