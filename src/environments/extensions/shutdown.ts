import type { Clock } from '../../base/index.ts';
import type { ExtensionsApi, ShutdownReason } from '../../runtime-api/index.ts';
import type { Sandbox } from '../../sandbox/index.ts';

/** How long an environment may take to end (runtime.md, 2): without extensions it is killed at once. */
export const shutdownBudgetMs = { internal: 500, external: 2_000 } as const;

/** Of that, what the runtime may take, where there are external extensions to end after it. */
const RUNTIME_SHARE = 0.3;

interface ShutdownOptions {
  readonly sandbox: Sandbox;
  readonly api: ExtensionsApi;
  readonly reason: ShutdownReason;
  readonly clock: Clock;
  /** False where the runtime never got to start. */
  readonly runtimeRuns: boolean;
  /** Sends telemetry that waits; may take as long as it likes. */
  readonly flush: () => Promise<void>;
}

/**
 * The Shutdown phase: SIGTERM for the runtime, then SHUTDOWN for the external extensions that asked for it. Resolves when
 * they ended or the time is up; whoever is left is to be killed then.
 */
export async function shutDown(options: ShutdownOptions): Promise<void> {
  const { sandbox, api, reason, clock } = options;
  const external = sandbox.companions.length > 0;
  const budgetMs = external ? shutdownBudgetMs.external : shutdownBudgetMs.internal;
  const startedMs = clock.monotonicMs();
  const deadlineMs = Math.round(clock.nowMs() + budgetMs);
  sandbox.thaw();
  await endRuntime(options, external ? budgetMs * RUNTIME_SHARE : budgetMs);
  if (!external) return;
  sandbox.killCommand();
  api.shutdown(reason, deadlineMs);
  const leftMs = budgetMs - (clock.monotonicMs() - startedMs);
  await withinTime(endOfSubscribed(sandbox, api), clock, leftMs);
}

async function endRuntime(options: ShutdownOptions, limitMs: number): Promise<void> {
  const { sandbox, clock, runtimeRuns, flush } = options;
  const steps: Promise<unknown>[] = [flush()];
  if (runtimeRuns) {
    sandbox.signal('SIGTERM');
    steps.push(sandbox.commandExited);
  }
  await withinTime(Promise.all(steps), clock, limitMs);
}

/** Companions have the order of the external extensions. */
function endOfSubscribed(sandbox: Sandbox, api: ExtensionsApi): Promise<unknown> {
  const external = api.extensions.filter((extension) => extension.external);
  const awaited = sandbox.companions.filter((_, index) => external[index]?.events.includes('SHUTDOWN'));
  return Promise.all(awaited.map(({ exited }) => exited));
}

function withinTime(work: Promise<unknown>, clock: Clock, limitMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.setTimer(Math.max(0, limitMs), resolve);
    void work.finally(() => {
      cancel();
      resolve();
    });
  });
}
