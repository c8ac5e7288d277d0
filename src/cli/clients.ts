import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { CommandContext, Flag, FlagValues } from './command.ts';
import { text } from './command.ts';

/** Flags of every command that talks to an AWS API. */
export const endpointFlags: readonly Flag[] = [
  {
    flags: '--endpoint <url>',
    description:
      'where the AWS API is: an address, or "aws" for the real one (default: AWS_ENDPOINT_URL, else a local Hearth)',
  },
  { flags: '--region <region>', description: 'AWS region (default: AWS_REGION, else us-east-1)' },
];

interface ClientSettings {
  readonly region: string;
  readonly endpoint?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export const LOCAL_ENDPOINT = 'http://127.0.0.1:4566';

/**
 * Settings for an AWS SDK client: Hearth with the customary `test` keys unless the user says otherwise by flag, by
 * environment or by profile.
 */
export function clientSettings(values: FlagValues, { env }: CommandContext): ClientSettings {
  const region = text(values, 'region') ?? env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'] ?? 'us-east-1';
  const asked = text(values, 'endpoint') ?? env['AWS_ENDPOINT_URL_LAMBDA'] ?? env['AWS_ENDPOINT_URL'];
  if (asked === 'aws') return { region };
  const endpoint = asked ?? LOCAL_ENDPOINT;
  if (env['AWS_ACCESS_KEY_ID'] || env['AWS_PROFILE']) return { region, endpoint };
  return { region, endpoint, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
}

/** Clients are loaded when a command needs them: the SDK takes longer to load than most commands to run. */
export async function lambdaClient(values: FlagValues, context: CommandContext): Promise<LambdaClient> {
  const { LambdaClient: Client } = await import('@aws-sdk/client-lambda');
  return new Client(clientSettings(values, context));
}

export async function logsClient(values: FlagValues, context: CommandContext): Promise<CloudWatchLogsClient> {
  const { CloudWatchLogsClient: Client } = await import('@aws-sdk/client-cloudwatch-logs');
  return new Client(clientSettings(values, context));
}

/** Whose functions the caller's credentials reach. */
export async function callerAccount(values: FlagValues, context: CommandContext): Promise<string> {
  const { GetCallerIdentityCommand, STSClient } = await import('@aws-sdk/client-sts');
  const { Account = '' } = await new STSClient(clientSettings(values, context)).send(
    new GetCallerIdentityCommand({}),
  );
  return Account;
}
