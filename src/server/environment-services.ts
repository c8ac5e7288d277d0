import { availableParallelism } from 'node:os';
import { ListeningAddress } from '../edge/index.ts';
import {
  type EnvironmentServices,
  environmentTimings,
  GenericPool,
  roleSessionOf,
  Snapshots,
} from '../environments/index.ts';
import type { FunctionVersion } from '../model/index.ts';
import { planImage } from '../runtimes/index.ts';
import { HOST_INSIDE, hostPortListener, type SandboxFactory } from '../sandbox/index.ts';
import { Scheduler } from '../scheduler/index.ts';
import type { FunctionParts } from './function-parts.ts';
import type { Ground } from './ground.ts';

/** Runtimes, or memory sizes of one, that can have all their generic environments at once; the others have fewer. */
const POOLED_SHAPES = 4;

export interface ExecutionParts extends FunctionParts {
  readonly sandboxes: SandboxFactory;
  readonly address: ListeningAddress;
}

export function environmentServices(
  ground: Ground,
  { sandboxes, runtimes, features, fileSystems, vpc, address, snapshots: late }: ExecutionParts,
  {
    scheduler,
    services,
  }: { readonly scheduler: () => Scheduler; readonly services: () => EnvironmentServices },
): EnvironmentServices {
  const { clock, ids, log, logs, options, sessions, tracing } = ground;
  const opened = options.allowedHostPorts.map((port) => hostPortListener(port));
  const onUnused = (version: FunctionVersion): void => {
    features
      .deactivate(version)
      .catch((error: unknown) => log.error({ error, name: version.name }, 'an unused version stays active'));
  };
  const snapshots = new Snapshots({ services, onUnused });
  late.open(snapshots);
  return {
    clock,
    serviceClock: clock,
    ids,
    log,
    sandboxes,
    logs: logs.sink,
    timings: environmentTimings,
    get listeners() {
      return [address.listener, ...opened] as const;
    },
    ...(opened.length > 0 ? { hosts: { [HOST_INSIDE.name]: HOST_INSIDE.address } } : {}),
    prepare: async (version) => {
      if (version.code.kind === 'image') {
        const { image, ...directories } = await features.lookup.directories(version);
        if (image) return { plan: planImage(version, image), image, ...directories };
      }
      const [plan, directories] = await Promise.all([
        runtimes.plan(version),
        features.lookup.directories(version),
      ]);
      return { plan, ...directories };
    },
    tracer: tracing.tracer,
    network: (version) => vpc.networkOf(version),
    volumes: (version) => fileSystems.mountsOf(version),
    snapshots,
    credentials: (version) => sessions.issue(roleSessionOf(version)),
    ...(options.poolSize > 0 && sandboxes.capabilities.lateBinding
      ? { pool: openPool(ground, sandboxes, scheduler) }
      : {}),
  };
}

/** Filled when the first functions run, so that the start of the server waits for nothing. */
function openPool(ground: Ground, sandboxes: SandboxFactory, scheduler: () => Scheduler): GenericPool {
  const perShape = ground.options.poolSize;
  const isServing = eventLoopIsBusy();
  const pool = new GenericPool({
    ...ground,
    sandboxes,
    limits: { perShape, total: perShape * POOLED_SHAPES },
    launchesAtOnce: Math.max(1, Math.trunc(availableParallelism() / 2)),
    isBusy: () => isServing() || scheduler().isStarting,
    hasRoom: (bytes) => scheduler().hasRoomToSpare(bytes),
  });
  ground.closing.defer(() => pool.close());
  return pool;
}

/** Asked again and again: whether the server worked for more than half of the time since. */
function eventLoopIsBusy(): () => boolean {
  let last = performance.eventLoopUtilization();
  return () => {
    const since = performance.eventLoopUtilization(last);
    last = performance.eventLoopUtilization();
    return since.utilization > 0.5;
  };
}
