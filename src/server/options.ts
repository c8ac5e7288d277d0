import type { LogLevel } from '../base/index.ts';
import type { AllowedFolder, SubnetNetwork } from '../functions/index.ts';
import type { SandboxCapabilities } from '../sandbox/index.ts';

/** Everything that `hearth start` can be told. */
export interface HearthOptions {
  /** Of Hearth, as in its package. */
  readonly version: string;
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  readonly dataFolder: string;
  /** `sqlite`, or a `postgres://` address. */
  readonly store: string;
  readonly sandbox: 'auto' | 'oci' | 'process';
  readonly auth: 'permissive' | 'keys';
  readonly hotReloadFolders: readonly string[];
  readonly allowedHostPorts: readonly number[];
  /** Of each account and region; AWS's default where absent. */
  readonly accountConcurrency?: number | undefined;
  /** The address of a registry that stands behind ECR's names. */
  readonly registry?: string | undefined;
  /** Docker's `config.json` with the operator's logins. */
  readonly dockerConfig: string;
  /** Generic environments kept ready for each runtime at most; 0 for none. */
  readonly poolSize: number;
  readonly fileSystems: readonly AllowedFolder[];
  /** Subnet id to network. */
  readonly subnets: ReadonlyMap<string, SubnetNetwork>;
  readonly securityGroups: readonly string[];
  readonly logLevel: LogLevel;
  /** The user's environment: where interpreters are searched. */
  readonly searchEnv: Readonly<Record<string, string | undefined>>;
}

/** A running server. */
export interface HearthServer {
  /** `http://host:port`. */
  readonly endpoint: string;
  readonly dataFolder: string;
  readonly capabilities: SandboxCapabilities;
  /** What the user should know, one sentence each. */
  readonly notes: readonly string[];
  /** Identifiers of the runtimes that can run here. */
  runtimes(): Promise<readonly string[]>;
  /** Credentials by which the server's own user may call it. */
  localCredentials(): Promise<{ readonly accessKeyId: string; readonly secretAccessKey: string }>;
  /** Finishes what runs, then ends everything. Idempotent. */
  close(): Promise<void>;
}
