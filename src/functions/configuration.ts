import {
  awsError,
  type FileSystemRef,
  type ImageConfig,
  type LogFormat,
  type LoggingSettings,
  type LogLevelName,
  limits,
  type VpcSettings,
} from '../model/index.ts';
import { changeImageConfig } from './image-settings.ts';
import { checkSnapStart } from './snap-start.ts';

/** The settings of a function that `UpdateFunctionConfiguration` can change, except its layers. */
export interface Configuration {
  readonly runtime: string;
  readonly handler: string;
  readonly imageConfig?: ImageConfig;
  readonly roleArn: string;
  readonly description: string;
  readonly memoryMiB: number;
  readonly timeoutMs: number;
  readonly ephemeralStorageMiB: number;
  readonly environment?: Readonly<Record<string, string>>;
  readonly logging: LoggingSettings;
  readonly vpc?: VpcSettings;
  readonly fileSystems?: readonly FileSystemRef[];
  readonly tracingMode?: 'Active' | 'PassThrough';
  readonly snapStart?: true;
}

/** What a caller says of logging; what is absent stays, or gets its default. */
export interface LoggingChange {
  readonly format?: LogFormat;
  readonly logGroup?: string;
  readonly applicationLevel?: LogLevelName;
  readonly systemLevel?: LogLevelName;
}

/** What an update names; the environment is replaced as a whole, logging member by member. */
export type ConfigurationChange = Partial<Omit<Configuration, 'logging' | 'snapStart'>> & {
  readonly snapStart?: boolean;
  readonly logging?: LoggingChange;
};

/** Reserved keys of the developer guide ("Defined runtime environment variables"), and the managed instances' own. */
const reservedKeys: ReadonlySet<string> = new Set([
  '_HANDLER',
  '_X_AMZN_TRACE_ID',
  'AWS_ACCESS_KEY',
  'AWS_ACCESS_KEY_ID',
  'AWS_DEFAULT_REGION',
  'AWS_EXECUTION_ENV',
  'AWS_LAMBDA_FUNCTION_MEMORY_SIZE',
  'AWS_LAMBDA_FUNCTION_NAME',
  'AWS_LAMBDA_FUNCTION_VERSION',
  'AWS_LAMBDA_INITIALIZATION_TYPE',
  'AWS_LAMBDA_LOG_GROUP_NAME',
  'AWS_LAMBDA_LOG_STREAM_NAME',
  'AWS_LAMBDA_MAX_CONCURRENCY',
  'AWS_LAMBDA_METADATA_API',
  'AWS_LAMBDA_METADATA_TOKEN',
  'AWS_LAMBDA_RUNTIME_API',
  'AWS_REGION',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'LAMBDA_RUNTIME_DIR',
  'LAMBDA_TASK_ROOT',
]);

/** Applies a change. Throws `InvalidParameterValueException` where the result would not do. */
export function changeConfiguration<Current extends Configuration>(
  current: Current,
  change: ConfigurationChange,
  functionName: string,
): Current {
  const { snapStart = current.snapStart, ...changed } = change;
  const changedAll = {
    ...changeImageConfig(current, change.imageConfig),
    ...withoutImageConfig(changed),
    logging: changeLogging(current.logging, change.logging ?? {}, functionName),
  };
  const next = withSnapStart(changedAll, snapStart);
  checkMemory(next.memoryMiB);
  checkTimeout(next.timeoutMs);
  checkEnvironment(next.environment ?? {});
  checkSnapStart(next);
  checkProcessText({ Handler: next.handler, ...next.environment });
  return next;
}

function withSnapStart<Current extends Configuration>(current: Current, applies = false): Current {
  const { snapStart: _, ...rest } = current;
  // The type without an optional member is still the type.
  return { ...rest, ...(applies ? { snapStart: true } : {}) } as Current;
}

function withoutImageConfig(change: ConfigurationChange): ConfigurationChange {
  const { imageConfig: _, ...rest } = change;
  return rest;
}

/** The logging of a function of which nothing was said yet. */
export function defaultLogging(functionName: string): LoggingSettings {
  return { format: 'Text', logGroup: defaultLogGroup(functionName) };
}

function changeLogging(
  current: LoggingSettings,
  change: LoggingChange,
  functionName: string,
): LoggingSettings {
  const format = change.format ?? current.format;
  const logGroup = change.logGroup ?? current.logGroup ?? defaultLogGroup(functionName);
  if (format === 'JSON') {
    return {
      format,
      logGroup,
      applicationLevel: change.applicationLevel ?? current.applicationLevel ?? 'INFO',
      systemLevel: change.systemLevel ?? current.systemLevel ?? 'INFO',
    };
  }
  if (change.applicationLevel !== undefined || change.systemLevel !== undefined) {
    throw awsError(
      'InvalidParameterValueException',
      'LogLevel is not supported when LogFormat is set to "Text". Remove LogLevel from your request or change the LogFormat to "JSON" and try again.',
    );
  }
  return { format, logGroup };
}

function defaultLogGroup(functionName: string): string {
  return `/aws/lambda/${functionName}`;
}

/** The model allows more, for managed instances. */
function checkMemory(memoryMiB: number): void {
  if (memoryMiB <= limits.memoryMiB.max) return;
  throw awsError(
    'InvalidParameterValueException',
    `'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to ${limits.memoryMiB.max}`,
  );
}

function checkTimeout(timeoutMs: number): void {
  const seconds = timeoutMs / 1_000;
  if (seconds <= limits.timeoutSeconds.max) return;
  throw awsError(
    'ValidationException',
    `1 validation error detected: Value '${seconds}' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to ${limits.timeoutSeconds.max}`,
  );
}

/** What a process is told at its start ends at the first U+0000. */
function checkProcessText(texts: Readonly<Record<string, string>>): void {
  const name = Object.keys(texts).find((each) => texts[each]?.includes('\0'));
  if (name === undefined) return;
  throw awsError('InvalidParameterValueException', `The value of ${name} contains the character U+0000.`);
}

function checkEnvironment(environment: Readonly<Record<string, string>>): void {
  const refused =
    'Lambda was unable to configure your environment variables because the environment variables you have provided';
  const used = Object.keys(environment).filter((key) => reservedKeys.has(key));
  if (used.length > 0) {
    throw awsError(
      'InvalidParameterValueException',
      `${refused} contains reserved keys that are currently not supported for modification. Reserved keys used in this request: ${used.join(', ')}`,
    );
  }
  const measured = JSON.stringify(environment);
  if (Buffer.byteLength(measured) > limits.environmentBytes) {
    throw awsError(
      'InvalidParameterValueException',
      `${refused} exceeded the 4KB limit. String measured: ${measured}`,
    );
  }
}
