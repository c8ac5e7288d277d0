import { Alarm } from '../../base/index.ts';
import { type FunctionVersion, limits } from '../../model/index.ts';
import type { InitError } from '../../runtime-api/index.ts';
import type { Sandbox, SandboxExit, SandboxForkSpec } from '../../sandbox/index.ts';
import { EnvironmentLog } from '../environment-log.ts';
import type { ExtensionFailure, Failure } from '../failures.ts';
import { Journal } from '../journal.ts';
import { boundsOf } from '../fixed-spec.ts';
import { RuntimeProcess } from '../runtime-process.ts';
import type { EnvironmentServices, PreparedVersion } from '../services.ts';
import { SnapshotFailed, stateReasonOf } from './snapshot-failed.ts';

interface SnapshotOptions {
  readonly version: FunctionVersion;
  readonly prepared: PreparedVersion;
  readonly services: EnvironmentServices;
  /** Said in the function's log before Init: why it runs (again). */
  readonly notice?: string;
  /** Nobody wants it any more. */
  readonly signal: AbortSignal;
}

/**
 * The state of one published version after its Init: the process that ran it, frozen, from which each environment of the
 * version is forked. `take` is the Init phase, under the longer limit that AWS gives it here.
 */
export class Snapshot {
  /** Settles when the process is gone, and the state with it. */
  readonly lost: Promise<unknown>;
  /** The same in every environment: it is one of the variables that Init saw. */
  readonly authorizationToken: string;
  /** What Init used at its highest; environments share of it what none of them changes. */
  readonly memoryBytes: number;
  readonly #services: EnvironmentServices;
  readonly #process: RuntimeProcess;
  readonly #sandbox: Sandbox;
  readonly #unused: Alarm;
  #onUnused: (() => void) | undefined;

  /** Rejects with `SnapshotFailed` where the function is why there is none, and as a sandbox does otherwise. */
  static async take(options: SnapshotOptions): Promise<Snapshot> {
    const init = new SnapshotInit(options);
    try {
      const sandbox = await init.run();
      return new Snapshot(options.services, init, sandbox);
    } catch (error) {
      await init.process.destroy();
      throw error;
    }
  }

  private constructor(services: EnvironmentServices, init: SnapshotInit, sandbox: Sandbox) {
    this.lost = sandbox.exited;
    this.memoryBytes = sandbox.usage().memoryPeakBytes;
    this.authorizationToken = init.authorizationToken;
    this.#services = services;
    this.#process = init.process;
    this.#sandbox = sandbox;
    this.#unused = new Alarm(services.serviceClock, () => this.#onUnused?.());
  }

  /** Calls back once nothing was restored for so long. */
  expireAfter(unusedMs: number, onUnused: () => void): void {
    this.#onUnused = onUnused;
    this.#unused.set(unusedMs);
  }

  /** A sandbox that goes on from here. Rejects with a `SandboxError`. */
  restore(spec: SandboxForkSpec): Promise<Sandbox> {
    return forksOf(this.#services).fork(this.#sandbox, spec, () => this.#process.session.letRestore());
  }

  /** Ends the process. What was restored from it lives on. */
  close(): Promise<void> {
    this.#unused.close();
    return this.#process.destroy();
  }
}

/** The Init phase of a snapshot: ends when the runtime waits to be restored. */
class SnapshotInit {
  readonly process: RuntimeProcess;
  readonly authorizationToken: string;
  readonly #options: SnapshotOptions;
  readonly #log: EnvironmentLog;
  readonly #journal: Journal;
  readonly #deadline: Alarm;
  readonly #startedMs: number;
  readonly #done = Promise.withResolvers<void>();
  #initError: InitError | undefined;

  constructor(options: SnapshotOptions) {
    const { version, services, notice, signal } = options;
    const { clock } = services;
    this.#options = options;
    this.#done.promise.catch(() => undefined);
    this.#log = new EnvironmentLog(version, { ...services, sink: services.logs });
    this.#journal = new Journal(version, this.#log, { clock, initializationType: 'snap-start' });
    this.#deadline = new Alarm(clock, () => this.#deadlinePassed());
    this.#startedMs = clock.monotonicMs();
    if (notice !== undefined) this.#log.append(clock.nowMs(), notice);
    this.#journal.initStart();
    this.authorizationToken = services.ids.hex(64);
    const snapStart = { kind: 'snapshot', authorizationToken: this.authorizationToken } as const;
    this.process = new RuntimeProcess({
      ...options,
      log: this.#log,
      journal: this.#journal,
      phase: 'init',
      initializationType: 'snap-start',
      observer: this.#observer,
      snapStart,
    });
    this.#deadline.set(Math.max(limits.initAheadMs.min, Math.min(limits.initAheadMs.max, version.timeoutMs)));
    signal.addEventListener('abort', () =>
      this.#done.reject(new Error('nobody wants this snapshot any more')),
    );
  }

  async run(): Promise<Sandbox> {
    try {
      await this.process.started;
      await this.#done.promise;
      const { sandbox } = this.process;
      if (!sandbox) throw new SnapshotFailed(stateReasonOf({ kind: 'exit', exit: { outOfMemory: false } }));
      sandbox.freeze();
      this.#refuseWhatCannotBeForked(sandbox);
      await this.#tryFork(sandbox);
      this.#report(undefined);
      return sandbox;
    } finally {
      this.#deadline.close();
    }
  }

  #refuseWhatCannotBeForked(sandbox: Sandbox): void {
    const { services } = this.#options;
    const obstacles = forksOf(services).obstaclesTo(sandbox);
    if (obstacles.length === 0) return;
    const reason = `The state after Init cannot be restored: ${obstacles.join('; ')}. Open such things in a hook after restore, or in the handler.`;
    this.#log.append(services.clock.nowMs(), `SNAPSTART\t${reason}`);
    throw new SnapshotFailed({ reason, reasonCode: 'FunctionError' });
  }

  /** Whatever this machine or this interpreter has against a fork is learnt now, and not at an invocation. */
  async #tryFork(sandbox: Sandbox): Promise<void> {
    const { version, services } = this.#options;
    const spec = {
      id: `env-${services.ids.hex(20)}`,
      ...boundsOf(version),
      listeners: [],
      network: 'none',
    } as const;
    const { session } = this.process;
    const fork = await forksOf(services).fork(sandbox, spec, () => session.letRestore());
    await fork.destroy();
  }

  readonly #observer = {
    restoreAwaited: (): void => this.#done.resolve(),
    ready: (): void => this.#fail({ kind: 'exit', exit: { outOfMemory: false } }),
    answered: (): void => undefined,
    extensionReady: (): void => undefined,
    extensionFailed: (failure: ExtensionFailure): void => this.#fail(failure),
    initFailed: (error: InitError): void => {
      this.#initError = error;
      this.#deadline.set(this.#options.services.timings.initErrorGraceMs);
    },
    exited: (exit: SandboxExit): void =>
      this.#fail(this.#initError ? { kind: 'init-error', error: this.#initError } : { kind: 'exit', exit }),
  };

  #deadlinePassed(): void {
    if (this.#initError) this.#fail({ kind: 'init-error', error: this.#initError });
    else this.#fail({ kind: 'init-timeout' });
  }

  #fail(failure: Failure): void {
    this.#report(failure);
    this.#done.reject(new SnapshotFailed(stateReasonOf(failure)));
  }

  #report(failure: Failure | undefined): void {
    const durationMs = this.#options.services.clock.monotonicMs() - this.#startedMs;
    this.#journal.initReport('init', { durationMs, ...(failure ? { failure } : {}) });
  }
}

function forksOf({ sandboxes }: EnvironmentServices) {
  const { forks, capabilities } = sandboxes;
  if (!forks) throw new Error(capabilities.cannotFork ?? 'This sandbox cannot be forked.');
  return forks;
}
