import type { Scope } from './arns.ts';

export type LogFormat = 'Text' | 'JSON';
export type LogLevelName = 'TRACE' | 'DEBUG' | 'INFO' | 'WARN' | 'ERROR' | 'FATAL';
export type FunctionState = 'Pending' | 'Active' | 'Inactive' | 'Failed';
export type LastUpdateStatus = 'Successful' | 'Failed' | 'InProgress';

export interface LoggingSettings {
  readonly format: LogFormat;
  readonly logGroup: string;
  /** Both only with the JSON format. */
  readonly applicationLevel?: LogLevelName;
  readonly systemLevel?: LogLevelName;
}

/** Where the code comes from: a content-addressed archive, or a live folder of the host (hot reload). */
export type CodeRef =
  | { readonly kind: 'archive'; readonly sha256Hex: string; readonly sizeBytes: number }
  | { readonly kind: 'hot-reload'; readonly hostPath: string };

export interface LayerRef {
  /** `arn:…:layer:name:version`. */
  readonly arn: string;
  readonly sha256Hex: string;
  readonly sizeBytes: number;
}

export interface StateReason {
  readonly reason: string;
  readonly reasonCode: string;
}

/**
 * One version of a function, `$LATEST` included: everything that decides how it runs. Immutable; a change makes a
 * new object with a new `revisionId`, and with a new `deploymentId` where running environments must be replaced.
 */
export interface FunctionVersion extends Scope {
  readonly name: string;
  /** `$LATEST` or a number in decimal. */
  readonly version: string;
  readonly description: string;
  readonly runtime: string;
  readonly handler: string;
  readonly roleArn: string;
  readonly memoryMiB: number;
  readonly timeoutMs: number;
  readonly ephemeralStorageMiB: number;
  /** Environments are never shared between tenants; each invocation names its tenant. Fixed at creation. */
  readonly tenantIsolation?: 'PER_TENANT';
  readonly architecture: 'x86_64' | 'arm64';
  /** Absent when the caller gave no `Environment`; AWS echoes an empty one. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The caller gave a `VpcConfig` without subnets: AWS attaches nothing, and echoes it. */
  readonly emptyVpcConfig?: true;
  readonly code: CodeRef;
  readonly layers: readonly LayerRef[];
  readonly logging: LoggingSettings;
  readonly runtimeVersionArn: string;
  readonly state: FunctionState;
  readonly stateReason?: StateReason;
  readonly lastUpdateStatus?: LastUpdateStatus;
  readonly lastUpdateReason?: StateReason;
  readonly revisionId: string;
  /** Changes with code, configuration or layers: environments belong to one deployment. */
  readonly deploymentId: string;
  readonly lastModifiedMs: number;
}
