import type { DestinationConfig, FunctionEventInvokeConfig } from '@aws-sdk/client-lambda';
import type { EventInvokeConfig, FunctionKey } from '../../functions/index.ts';
import { AwsError, awsError, functionArn, LATEST, resolveFunctionName } from '../../model/index.ts';
import type { CallContext } from '../operation.ts';
import { permittedFunction } from './function-name.ts';
import type { LambdaServices } from './services.ts';

/** Why the settings of event invoke configurations are marked as stored. */
export const storedEventInvokeSettings = {
  MaximumRetryAttempts: 'Kept and answered; it takes effect with asynchronous invocation.',
  MaximumEventAgeInSeconds: 'Kept and answered; it takes effect with asynchronous invocation.',
  DestinationConfig: 'Kept and answered; it takes effect with asynchronous invocation.',
} as const;

interface Settings {
  readonly MaximumRetryAttempts?: number | undefined;
  readonly MaximumEventAgeInSeconds?: number | undefined;
  readonly DestinationConfig?: DestinationConfig | undefined;
}

interface Target {
  readonly key: FunctionKey;
  /** `$LATEST` where the request names none. */
  readonly qualifier: string;
}

/** What an operation on event invoke configurations is about; says nothing of whether it is there. */
export async function eventInvokeTarget(
  services: LambdaServices,
  context: CallContext,
  request: {
    readonly input: { readonly FunctionName: string; readonly Qualifier?: string | undefined };
    readonly action: string;
  },
): Promise<Target> {
  const { qualifier = LATEST, ...key } = await permittedFunction(services, context, request);
  return { key, qualifier };
}

/** The settings of a request, stamped. Throws where there are none, and for destinations that cannot be. */
export async function parseEventInvokeSettings(
  services: LambdaServices,
  target: Target,
  input: Settings,
): Promise<EventInvokeConfig> {
  const { MaximumRetryAttempts: attempts, MaximumEventAgeInSeconds: age, DestinationConfig: config } = input;
  if (attempts === undefined && age === undefined && config === undefined) {
    throw invalid('You must specify at least one of error handling or destination setting.');
  }
  const onSuccess = config?.OnSuccess?.Destination || undefined;
  const onFailure = config?.OnFailure?.Destination || undefined;
  await requireDestinations(services, target, { onSuccess, onFailure });
  return {
    ...(attempts === undefined ? {} : { maximumRetryAttempts: attempts }),
    ...(age === undefined ? {} : { maximumEventAgeSeconds: age }),
    ...(onSuccess === undefined ? {} : { onSuccess }),
    ...(onFailure === undefined ? {} : { onFailure }),
    lastModifiedMs: services.clock.nowMs(),
  };
}

interface Destinations {
  readonly onSuccess: string | undefined;
  readonly onFailure: string | undefined;
}

async function requireDestinations(
  services: LambdaServices,
  target: Target,
  destinations: Destinations,
): Promise<void> {
  const { onSuccess, onFailure } = destinations;
  if (!isDestination(onSuccess, false) || !isDestination(onFailure, true)) {
    throw invalid(`The provided destination config ${describe(destinations)} is invalid.`);
  }
  for (const arn of [onSuccess, onFailure]) {
    if (arn?.split(':')[2] === 'lambda') await requireFunction(services, target, arn);
  }
}

/** Queues and topics that are not FIFO, functions, event buses; buckets for failures alone. */
function isDestination(arn: string | undefined, failure: boolean): boolean {
  if (arn === undefined) return true;
  if (/[^!-~]/.test(arn)) return false;
  const [, , service = '', , , ...rest] = arn.split(':');
  const resource = rest.join(':');
  if (service === 'sqs' || service === 'sns') return resource !== '' && !resource.endsWith('.fifo');
  if (service === 's3') return failure && resource !== '';
  if (service === 'events') return resource.startsWith('event-bus/');
  return service === 'lambda' && resource.startsWith('function:');
}

async function requireFunction(services: LambdaServices, { key }: Target, arn: string): Promise<void> {
  const destination = destinationKey(key, arn);
  if (destination.account !== key.account) return;
  if (!(await functionIsThere(services, destination)))
    throw invalid(`The destination ARN ${arn} is invalid.`);
  if (destination.name === key.name)
    throw invalid("You can't specify the function as a destination for itself.");
}

function destinationKey(key: FunctionKey, arn: string): ReturnType<typeof resolveFunctionName> {
  try {
    return resolveFunctionName(key, arn);
  } catch (error) {
    throw awsError('InvalidParameterValueException', `The destination ARN ${arn} is invalid.`, {
      cause: error,
    });
  }
}

/** Whether the function, and the qualifier where there is one, is there. */
export async function functionIsThere(
  { functions }: LambdaServices,
  { qualifier, ...key }: FunctionKey & { readonly qualifier?: string },
): Promise<boolean> {
  try {
    await functions.get(key, qualifier);
    return true;
  } catch (error) {
    if (error instanceof AwsError && error.code === 'ResourceNotFoundException') return false;
    throw error;
  }
}

/** As AWS's own Java prints it. */
function describe({ onSuccess, onFailure }: Destinations): string {
  const success = onSuccess === undefined ? 'null' : `OnSuccess(destination=${onSuccess})`;
  const failure = onFailure === undefined ? 'null' : `OnFailure(destination=${onFailure})`;
  return `DestinationConfig(onSuccess=${success}, onFailure=${failure})`;
}

export function renderEventInvokeConfig(
  { key, qualifier }: Target,
  config: EventInvokeConfig,
): FunctionEventInvokeConfig {
  const { maximumRetryAttempts, maximumEventAgeSeconds, onSuccess, onFailure } = config;
  return {
    LastModified: new Date(config.lastModifiedMs),
    FunctionArn: functionArn(key, key.name, qualifier),
    MaximumRetryAttempts: maximumRetryAttempts,
    MaximumEventAgeInSeconds: maximumEventAgeSeconds,
    DestinationConfig: {
      OnSuccess: onSuccess === undefined ? {} : { Destination: onSuccess },
      OnFailure: onFailure === undefined ? {} : { Destination: onFailure },
    },
  };
}

export function noEventInvokeConfig({ key, qualifier }: Target): Error {
  const arn = functionArn(key, key.name, qualifier);
  return awsError('ResourceNotFoundException', `The function ${arn} doesn't have an EventInvokeConfig`);
}

function invalid(message: string): Error {
  return awsError('InvalidParameterValueException', message);
}
