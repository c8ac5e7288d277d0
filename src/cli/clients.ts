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
  readonly region?: string;
  readonly endpoint?: string;
  /** The SDK reads `AWS_ENDPOINT_URL` itself, which names a local server for whoever follows the README. */
  readonly ignoreConfiguredEndpointUrls?: true;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export const LOCAL_ENDPOINT = 'http://127.0.0.1:4566';

/** As the SDKs name services in `AWS_ENDPOINT_URL_…`. */
type Service = 'LAMBDA' | 'CLOUDWATCH_LOGS' | 'STS';

/** Where a service is asked for: an address, or undefined for AWS itself. */
export function endpointOf(
  values: FlagValues,
  { env }: CommandContext,
  service: Service,
): string | undefined {
  const asked = text(values, 'endpoint') ?? env[`AWS_ENDPOINT_URL_${service}`] ?? env['AWS_ENDPOINT_URL'];
  return asked === 'aws' ? undefined : (asked ?? LOCAL_ENDPOINT);
}

/**
 * Settings for an AWS SDK client: Hearth with the customary `test` keys unless the user says otherwise by flag, by
 * environment or by profile. For AWS itself the SDK finds region and credentials as it always does.
 */
export function clientSettings(
  values: FlagValues,
  context: CommandContext,
  service: Service,
): ClientSettings {
  const { env } = context;
  const endpoint = endpointOf(values, context, service);
  const region = text(values, 'region') ?? env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'];
  if (endpoint === undefined) {
    return { ...(region === undefined ? {} : { region }), ignoreConfiguredEndpointUrls: true };
  }
  const settings = { region: region ?? 'us-east-1', endpoint };
  if (env['AWS_ACCESS_KEY_ID'] || env['AWS_PROFILE']) return settings;
  return { ...settings, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
}

/** Clients are loaded when a command needs them: the SDK takes longer to load than most commands to run. */
export async function lambdaClient(values: FlagValues, context: CommandContext): Promise<LambdaClient> {
  const { LambdaClient: Client } = await import('@aws-sdk/client-lambda');
  return new Client(clientSettings(values, context, 'LAMBDA'));
}

export async function logsClient(values: FlagValues, context: CommandContext): Promise<CloudWatchLogsClient> {
  const { CloudWatchLogsClient: Client } = await import('@aws-sdk/client-cloudwatch-logs');
  return new Client(clientSettings(values, context, 'CLOUDWATCH_LOGS'));
}

/** Whose functions the caller's credentials reach. */
export async function callerAccount(values: FlagValues, context: CommandContext): Promise<string> {
  const { GetCallerIdentityCommand, STSClient } = await import('@aws-sdk/client-sts');
  const client = new STSClient(clientSettings(values, context, 'STS'));
  const { Account = '' } = await client.send(new GetCallerIdentityCommand({}));
  return Account;
}
