import type { AliasConfiguration, FunctionConfiguration } from '@aws-sdk/client-lambda';
import { type Alias, codeSha256, type FunctionKey, vpcIdOf } from '../../functions/index.ts';
import {
  type FunctionVersion,
  functionArn,
  type LoggingSettings,
  startsFromSnapshot,
} from '../../model/index.ts';

/** `2026-01-31T12:34:56.789+0000`, as functions and layers show times. */
export function renderTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('Z', '+0000');
}

/** A version as lists show it: without states. The ARN carries `qualifier` where one is given. */
export function renderSummary(version: FunctionVersion, qualifier?: string): FunctionConfiguration {
  return {
    FunctionName: version.name,
    FunctionArn: functionArn(version, version.name, qualifier),
    ...renderStart(version),
    Role: version.roleArn,
    CodeSize: version.code.kind === 'archive' ? version.code.sizeBytes : 0,
    Description: version.description,
    Timeout: version.timeoutMs / 1_000,
    MemorySize: version.memoryMiB,
    LastModified: renderTime(version.lastModifiedMs),
    CodeSha256: codeSha256(version),
    Version: version.version,
    ...(version.environment ? { Environment: { Variables: version.environment } } : {}),
    ...renderVpc(version),
    ...renderFileSystems(version),
    TracingConfig: { Mode: version.tracingMode ?? 'PassThrough' },
    RevisionId: version.revisionId,
    ...renderLayers(version),
    PackageType: version.code.kind === 'image' ? 'Image' : 'Zip',
    ...renderImageConfig(version),
    Architectures: [version.architecture],
    EphemeralStorage: { Size: version.ephemeralStorageMiB },
    SnapStart: {
      ApplyOn: version.snapStart ? 'PublishedVersions' : 'None',
      OptimizationStatus: startsFromSnapshot(version) && version.state === 'Active' ? 'On' : 'Off',
    },
    LoggingConfig: renderLogging(version.logging),
    ...(version.tenantIsolation ? { TenancyConfig: { TenantIsolationMode: version.tenantIsolation } } : {}),
  };
}

/** A version as everything but lists shows it. */
export function renderConfiguration(version: FunctionVersion, qualifier?: string): FunctionConfiguration {
  return {
    ...renderSummary(version, qualifier),
    State: version.state,
    ...(version.stateReason
      ? {
          StateReason: version.stateReason.reason,
          StateReasonCode: version.stateReason.reasonCode as NonNullable<
            FunctionConfiguration['StateReasonCode']
          >,
        }
      : {}),
    ...(version.lastUpdateStatus ? { LastUpdateStatus: version.lastUpdateStatus } : {}),
    ...(version.lastUpdateReason
      ? {
          LastUpdateStatusReason: version.lastUpdateReason.reason,
          LastUpdateStatusReasonCode: version.lastUpdateReason.reasonCode as NonNullable<
            FunctionConfiguration['LastUpdateStatusReasonCode']
          >,
        }
      : {}),
    ...(version.runtimeVersionArn
      ? { RuntimeVersionConfig: { RuntimeVersionArn: version.runtimeVersionArn } }
      : {}),
  };
}

/** An image says by itself what runs. */
function renderStart({
  code,
  runtime,
  handler,
}: FunctionVersion): Pick<FunctionConfiguration, 'Runtime' | 'Handler'> {
  if (code.kind === 'image') return {};
  return { Runtime: runtime as NonNullable<FunctionConfiguration['Runtime']>, Handler: handler };
}

function renderImageConfig({
  imageConfig,
}: FunctionVersion): Pick<FunctionConfiguration, 'ImageConfigResponse'> {
  if (!imageConfig) return {};
  const { entryPoint, command, workingDirectory } = imageConfig;
  return {
    ImageConfigResponse: {
      ImageConfig: {
        ...(entryPoint ? { EntryPoint: [...entryPoint] } : {}),
        ...(command ? { Command: [...command] } : {}),
        ...(workingDirectory === undefined ? {} : { WorkingDirectory: workingDirectory }),
      },
    },
  };
}

export function renderAlias(key: FunctionKey, alias: Alias): AliasConfiguration {
  const { routing } = alias;
  return {
    AliasArn: functionArn(key, key.name, alias.name),
    Name: alias.name,
    FunctionVersion: alias.version,
    Description: alias.description,
    ...(routing
      ? { RoutingConfig: { AdditionalVersionWeights: { [routing.version]: routing.weight } } }
      : {}),
    RevisionId: alias.revisionId,
  };
}

/** As AWS echoes it; without subnets there is no VPC (observed.md, 63). */
function renderVpc({ vpc, account, region }: FunctionVersion): Pick<FunctionConfiguration, 'VpcConfig'> {
  if (vpc === undefined) return {};
  return {
    VpcConfig: {
      SubnetIds: [...vpc.subnetIds],
      SecurityGroupIds: [...vpc.securityGroupIds],
      VpcId: vpc.subnetIds.length === 0 ? '' : vpcIdOf({ account, region }),
      Ipv6AllowedForDualStack: false,
    },
  };
}

function renderFileSystems({
  fileSystems = [],
}: FunctionVersion): Pick<FunctionConfiguration, 'FileSystemConfigs'> {
  if (fileSystems.length === 0) return {};
  return {
    FileSystemConfigs: fileSystems.map(({ arn, mountPath }) => ({ Arn: arn, LocalMountPath: mountPath })),
  };
}

function renderLayers({ layers }: FunctionVersion): Pick<FunctionConfiguration, 'Layers'> {
  if (layers.length === 0) return {};
  return { Layers: layers.map(({ arn, sizeBytes }) => ({ Arn: arn, CodeSize: sizeBytes })) };
}

function renderLogging(logging: LoggingSettings): NonNullable<FunctionConfiguration['LoggingConfig']> {
  return {
    LogFormat: logging.format,
    ...(logging.applicationLevel ? { ApplicationLogLevel: logging.applicationLevel } : {}),
    ...(logging.systemLevel ? { SystemLogLevel: logging.systemLevel as 'DEBUG' | 'INFO' | 'WARN' } : {}),
    LogGroup: logging.logGroup,
  };
}
