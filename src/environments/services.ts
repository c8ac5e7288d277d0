import type { Clock, Ids, Log } from '../base/index.ts';
import type { LocalImage } from '../images/index.ts';
import { type FunctionVersion, limits } from '../model/index.ts';
import type { LaunchPlan } from '../runtimes/index.ts';
import type { SandboxFactory, SandboxListener, SandboxVolume } from '../sandbox/index.ts';
import type { GenericPool } from './pool/generic-pool.ts';
import type { LogSink } from '../telemetry/index.ts';
import type { Tracer } from '../tracing/index.ts';
import type { Bandwidth } from './response-stream/bandwidth.ts';
import type { Snapshots } from './snapshots/index.ts';

/** Temporary credentials of an execution role. */
export interface SessionKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiresAtMs: number;
}

/** Everything a version needs to start, ready on this machine. */
export interface PreparedVersion {
  readonly plan: LaunchPlan;
  /** The container image that the version is, whose root is `task`. */
  readonly image?: LocalImage;
  /** Host folders for `/var/task` and `/opt`. */
  readonly task: string;
  readonly opt?: string;
}

export interface EnvironmentTimings {
  /** Limit of the Init phase. */
  readonly initMs: number;
  /** How long a restore may wait for its fork, one of a version at a time; from then on it has `initMs`. */
  readonly forkMs: number;
  /** How long an environment stays idle before it is frozen; long enough that a busy one never is. */
  readonly freezeAfterMs: number;
  /** How long an idle environment lives, on the service clock. */
  readonly keepAliveMs: number;
  /** How old a busy environment gets before it is replaced; well within the life of its role session. */
  readonly lifetimeMs: number;
  /** How long a process may take to exit by itself after it reported an Init error. */
  readonly initErrorGraceMs: number;
  /** How long killed processes may take to close their output before the environment is given up. */
  readonly drainMs: number;
  /** Least time between two readings of the memory peak on the warm path. */
  readonly peakSampleMs: number;
  /** How fast a function may stream its response. */
  readonly streamBandwidth: Bandwidth;
}

export const environmentTimings: EnvironmentTimings = {
  initMs: 10_000,
  forkMs: 60_000,
  freezeAfterMs: 100,
  keepAliveMs: 600_000,
  // "Every few hours … even for functions that are invoked continuously" (developer guide, execution environment).
  lifetimeMs: 4 * 3_600_000,
  initErrorGraceMs: 500,
  drainMs: 5_000,
  peakSampleMs: 100,
  streamBandwidth: { burstBytes: limits.streamBurstBytes, bytesPerSecond: limits.streamBytesPerSecond },
};

/** What every environment of a server shares. */
export interface EnvironmentServices {
  readonly clock: Clock;
  /** The clock that users may drive; decides when an idle environment expires. */
  readonly serviceClock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly sandboxes: SandboxFactory;
  readonly logs: LogSink;
  /** Brings code, layers and runtime onto this machine. Rejects with an `AwsError`. */
  readonly prepare: (version: FunctionVersion) => Promise<PreparedVersion>;
  /** What of the host a version may write to. Throws an `AwsError` where that cannot be mounted. */
  readonly volumes?: (version: FunctionVersion) => readonly SandboxVolume[];
  /** Where the subnets of a version lead; `outbound` where absent. */
  readonly network?: (version: FunctionVersion) => 'outbound' | 'none';
  /** Absent: nothing is traced. */
  readonly tracer?: Tracer;
  /** A session of the version's execution role. */
  readonly credentials: (version: FunctionVersion) => SessionKeys;
  /** Of versions with SnapStart; absent where this machine cannot have any. */
  readonly snapshots?: Snapshots;
  /** Hearth's own address inside, and opened ports of the host. The first is what `AWS_ENDPOINT_URL` names. */
  readonly listeners: readonly [SandboxListener, ...SandboxListener[]];
  /** Extra lines of `/etc/hosts`. */
  readonly hosts?: Readonly<Record<string, string>>;
  readonly timings: EnvironmentTimings;
  /** Environments kept ready for whichever function comes. */
  readonly pool?: GenericPool;
  /** Leaves CPU time unbounded: a debugger traces every line, which a small share makes unbearable. */
  readonly unboundedCpu?: boolean;
}
