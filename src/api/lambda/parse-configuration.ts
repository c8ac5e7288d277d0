import type {
  CreateFunctionRequest,
  FileSystemConfig,
  ImageConfig as WireImageConfig,
  LoggingConfig,
  UpdateFunctionConfigurationRequest,
  VpcConfig,
} from '@aws-sdk/client-lambda';
import type { CodeSource, ConfigurationChange, LoggingChange } from '../../functions/index.ts';
import { awsError, type FileSystemRef, type ImageConfig, type VpcSettings } from '../../model/index.ts';
import type { CallContext } from '../operation.ts';

type Settings = Pick<
  CreateFunctionRequest & UpdateFunctionConfigurationRequest,
  | 'Runtime'
  | 'Handler'
  | 'Role'
  | 'Description'
  | 'MemorySize'
  | 'Timeout'
  | 'EphemeralStorage'
  | 'Environment'
  | 'LoggingConfig'
  | 'VpcConfig'
  | 'ImageConfig'
  | 'FileSystemConfigs'
  | 'TracingConfig'
  | 'SnapStart'
>;

/** The settings that a request names, and no others. */
export function parseConfiguration(input: Partial<Settings>): ConfigurationChange {
  const { Environment: environment, EphemeralStorage: storage, LoggingConfig: logging } = input;
  return given({
    runtime: input.Runtime,
    handler: input.Handler,
    roleArn: input.Role,
    description: input.Description,
    memoryMiB: input.MemorySize,
    timeoutMs: input.Timeout === undefined ? undefined : input.Timeout * 1_000,
    ephemeralStorageMiB: storage?.Size,
    environment: environment && (environment.Variables ?? {}),
    logging: logging && parseLogging(logging),
    imageConfig: input.ImageConfig && parseImageConfig(input.ImageConfig),
    tracingMode: input.TracingConfig?.Mode,
    fileSystems: input.FileSystemConfigs?.map(parseFileSystem),
    vpc: input.VpcConfig && parseVpc(input.VpcConfig),
    snapStart: input.SnapStart?.ApplyOn && input.SnapStart.ApplyOn === 'PublishedVersions',
  });
}

function parseFileSystem({ Arn: arn = '', LocalMountPath: mountPath = '' }: FileSystemConfig): FileSystemRef {
  return { arn, mountPath };
}

/** Replaced as a whole; one that names no list says nothing. */
function parseVpc({ SubnetIds: subnets, SecurityGroupIds: groups }: VpcConfig): VpcSettings | undefined {
  if (subnets === undefined && groups === undefined) return undefined;
  return { subnetIds: subnets ?? [], securityGroupIds: groups ?? [] };
}

/** A list without members says nothing against the image's own, as on AWS. */
function parseImageConfig(config: WireImageConfig): ImageConfig {
  const { EntryPoint: entryPoint, Command: command, WorkingDirectory: workingDirectory } = config;
  return given({
    entryPoint: entryPoint?.length === 0 ? undefined : entryPoint,
    command: command?.length === 0 ? undefined : command,
    workingDirectory: workingDirectory === '' ? undefined : workingDirectory,
  });
}

interface CodeMembers {
  readonly ZipFile?: Uint8Array | undefined;
  readonly S3Bucket?: string | undefined;
  readonly S3Key?: string | undefined;
  readonly ImageUri?: string | undefined;
}

/** Exactly one source; buckets other than `hot-reload` were refused before. */
export function parseCode(code: CodeMembers, context: CallContext): CodeSource {
  const { ZipFile: bytes, S3Bucket: bucket, S3Key: hostPath, ImageUri: uri } = code;
  if (uri !== undefined) {
    if (bytes === undefined && bucket === undefined && hostPath === undefined)
      return { kind: 'image', uri, trusted: context.origin === 'host' };
    throw invalid('Please do not provide other FunctionCode parameters when providing an ImageUri.');
  }
  if (bytes !== undefined) {
    if (bucket === undefined && hostPath === undefined) return { kind: 'zip', bytes };
    throw invalid('Please do not provide other FunctionCode parameters when providing a ZipFile.');
  }
  if (bucket === undefined || hostPath === undefined)
    throw invalid('Please provide a source for function code.');
  const fromRole = context.caller.arn.includes(':assumed-role/');
  return { kind: 'hot-reload', hostPath, trusted: context.origin === 'host' && !fromRole };
}

function parseLogging(logging: LoggingConfig): LoggingChange {
  return given({
    format: logging.LogFormat,
    logGroup: logging.LogGroup,
    applicationLevel: logging.ApplicationLogLevel,
    systemLevel: logging.SystemLogLevel,
  });
}

type Given<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the members that are `undefined`: absent means unchanged. */
function given<T extends object>(members: T): Given<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Given<T>;
}

function invalid(message: string): Error {
  return awsError('InvalidParameterValueException', message);
}
