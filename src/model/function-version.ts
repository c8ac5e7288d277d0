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
  | { readonly kind: 'hot-reload'; readonly hostPath: string }
  | ImageCode;

/** A container image, found once by its address; what the tag means later changes nothing. */
export interface ImageCode {
  readonly kind: 'image';
  /** As the caller gave it. */
  readonly uri: string;
  /** `host/name@sha256:…`, of the image for this machine's architecture. */
  readonly resolvedUri: string;
  readonly digestHex: string;
}

/** What a function says against its image's own settings; what is absent stays the image's. */
export interface ImageConfig {
  readonly entryPoint?: readonly string[];
  readonly command?: readonly string[];
  readonly workingDirectory?: string;
}

export interface LayerRef {
  /** `arn:…:layer:name:version`. */
  readonly arn: string;
  readonly sha256Hex: string;
  readonly sizeBytes: number;
}

/** The subnets that a function is in; both lists are empty, or neither is. */
export interface VpcSettings {
  readonly subnetIds: readonly string[];
  readonly securityGroupIds: readonly string[];
}

/** A file system of the host, under the ARN of the access point that stands for it. */
export interface FileSystemRef {
  readonly arn: string;
  /** `/mnt/…`. */
  readonly mountPath: string;
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
  /** Empty, as `handler` and `runtimeVersionArn` are, where `code` is an image. */
  readonly runtime: string;
  readonly handler: string;
  /** Only of images; never without members. */
  readonly imageConfig?: ImageConfig;
  readonly roleArn: string;
  readonly memoryMiB: number;
  readonly timeoutMs: number;
  readonly ephemeralStorageMiB: number;
  /** Environments are never shared between tenants; each invocation names its tenant. Fixed at creation. */
  readonly tenantIsolation?: 'PER_TENANT';
  /** SnapStart for published versions: their environments go on from one Init. */
  readonly snapStart?: true;
  readonly architecture: 'x86_64' | 'arm64';
  /** Absent when the caller gave no `Environment`; AWS echoes an empty one. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Absent where the caller never named any; with empty lists the function is in none, and that is echoed. */
  readonly vpc?: VpcSettings;
  /** One at most; absent where the caller never named any. */
  readonly fileSystems?: readonly FileSystemRef[];
  /** `PassThrough` where absent. */
  readonly tracingMode?: 'Active' | 'PassThrough';
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
