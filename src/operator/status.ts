import type { Clock } from '../base/index.ts';
import type { ExecutionEnvironment, GenericPoolStatus } from '../environments/index.ts';
import type { FunctionsModule } from '../functions/index.ts';
import type { Scheduler } from '../scheduler/index.ts';

export interface StatusParts {
  readonly server: ServerFacts;
  readonly features: Pick<FunctionsModule, 'count'>;
  readonly scheduler: Pick<Scheduler, 'environments' | 'genericPool'>;
  readonly clock: Clock;
  /** Of the edge: so far, and at this moment. */
  requests(): { readonly served: number; readonly inFlight: number };
}

/** What does not change while the server runs. */
export interface ServerFacts {
  readonly version: string;
  readonly endpoint: () => string;
  readonly dataFolder: string;
  readonly store: 'sqlite' | 'postgres';
  readonly sandbox: 'oci' | 'process';
  readonly auth: 'permissive' | 'keys';
}

/** What `hearth status` shows. Cheap enough to be asked for every second. */
export interface ServerStatus {
  readonly version: string;
  readonly endpoint: string;
  readonly pid: number;
  readonly startedAt: string;
  readonly upSeconds: number;
  readonly dataFolder: string;
  readonly store: string;
  readonly sandbox: string;
  readonly auth: string;
  /** Resident memory of the server itself. */
  readonly memoryMiB: number;
  readonly requests: { readonly served: number; readonly inFlight: number };
  readonly functions: number;
  readonly versions: number;
  readonly layers: number;
  readonly environments: {
    readonly live: number;
    readonly busy: number;
    /** Started ahead of need, without a function; absent with `--pool 0`. */
    readonly pool?: PoolSummary;
    /** Those that use most memory first, and no more than `MOST_LISTED`. */
    readonly byVersion: readonly VersionEnvironments[];
  };
}

/** The generic environments that wait for a function. */
export interface PoolSummary {
  readonly ready: number;
  readonly starting: number;
  readonly usedMiB: number;
  /** Runtime to number of those that are ready. */
  readonly byRuntime: Readonly<Record<string, number>>;
}

/** The environments of one function version. */
export interface VersionEnvironments {
  readonly account: string;
  readonly region: string;
  readonly function: string;
  readonly version: string;
  /** State to number. */
  readonly states: Readonly<Record<string, number>>;
  /** What each may use. */
  readonly memoryMiB: number;
  /** The highest use seen of each, added up. */
  readonly usedMiB: number;
}

/** A page of a terminal or two; the rest is in the totals. */
const MOST_LISTED = 100;

export async function readStatus(parts: StatusParts): Promise<ServerStatus> {
  const { endpoint, ...facts } = parts.server;
  const upMs = Math.round(process.uptime() * 1_000);
  return {
    ...facts,
    endpoint: endpoint(),
    pid: process.pid,
    startedAt: new Date(parts.clock.nowMs() - upMs).toISOString(),
    upSeconds: Math.round(upMs / 1_000),
    memoryMiB: mebibytes(process.memoryUsage.rss()),
    requests: parts.requests(),
    ...(await parts.features.count()),
    environments: summaryOf(parts.scheduler),
  };
}

function summaryOf({ environments, genericPool }: StatusParts['scheduler']): ServerStatus['environments'] {
  const byVersion = Map.groupBy(environments, ({ version }) => version.deploymentId);
  return {
    live: environments.length,
    busy: environments.filter(({ state }) => state === 'invoking').length,
    ...(genericPool ? { pool: poolOf(genericPool) } : {}),
    byVersion: [...byVersion.values()]
      .map(versionOf)
      .sort((a, b) => b.usedMiB - a.usedMiB)
      .slice(0, MOST_LISTED),
  };
}

function poolOf({ ready, starting, usedBytes, byRuntime }: GenericPoolStatus): PoolSummary {
  return { ready, starting, usedMiB: mebibytes(usedBytes), byRuntime };
}

function versionOf(environments: readonly ExecutionEnvironment[]): VersionEnvironments {
  const [first] = environments;
  const states: Record<string, number> = {};
  for (const { state } of environments) states[state] = (states[state] ?? 0) + 1;
  return {
    account: first?.version.account ?? '',
    region: first?.version.region ?? '',
    function: first?.version.name ?? '',
    version: first?.version.version ?? '',
    states,
    memoryMiB: first?.version.memoryMiB ?? 0,
    usedMiB: mebibytes(environments.reduce((sum, { memoryPeakBytes }) => sum + memoryPeakBytes, 0)),
  };
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}
