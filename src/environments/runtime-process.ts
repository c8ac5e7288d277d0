import type { PhaseTimes } from '../base/index.ts';
import type { FunctionVersion } from '../model/index.ts';
import { type RuntimeObserver, RuntimeSession, type ShutdownReason } from '../runtime-api/index.ts';
import { imageStart, type InitializationType } from '../runtimes/index.ts';
import type {
  Sandbox,
  SandboxDatagramListener,
  SandboxExit,
  SandboxListener,
  SandboxMount,
  SandboxSpec,
} from '../sandbox/index.ts';
import { fixedSpecOf } from './fixed-spec.ts';
import { addressesInside } from './addresses-inside.ts';
import { lacksEntrypoint } from './entrypoint.ts';
import type { EnvironmentLog } from './environment-log.ts';
import {
  EnvironmentExtensions,
  type EnvironmentExtensionsObserver,
} from './extensions/environment-extensions.ts';
import type { InitPhase } from './extensions/telemetry-records.ts';
import type { Journal } from './journal.ts';
import { faultBeforeStart, faultOfStart, type LaunchFault, launchErrorLine } from './image-launch.ts';
import { type StartStep, StartSteps } from './start-steps.ts';
import type { EnvironmentServices, PreparedVersion } from './services.ts';
import {
  CREDENTIALS,
  credentialsEndpoint,
  restoreRoleOf,
  type SnapStartPart,
} from './snapshots/snap-start-part.ts';

/** A custom runtime brings its own `bootstrap`, in the code or in a layer; without one nothing can be started. */
export class MissingEntrypoint extends Error {
  override readonly name = 'MissingEntrypoint';
  /** Only of container images. */
  readonly fault: LaunchFault | undefined;

  constructor(fault?: LaunchFault) {
    super(fault?.message);
    this.fault = fault;
  }
}

export interface ProcessObserver extends RuntimeObserver, EnvironmentExtensionsObserver {
  exited(exit: SandboxExit): void;
}

interface ProcessOptions {
  readonly version: FunctionVersion;
  readonly services: EnvironmentServices;
  readonly prepared: PreparedVersion;
  readonly log: EnvironmentLog;
  readonly journal: Journal;
  readonly phase: InitPhase;
  readonly observer: ProcessObserver;
  readonly initializationType: InitializationType;
  /** Takes the segments of the function's own SDK. */
  readonly daemon?: SandboxDatagramListener;
  /** The sandbox whose `/tmp` is to be kept. */
  readonly previous?: Sandbox;
  /** Of a version with SnapStart. */
  readonly snapStart?: SnapStartPart;
}

/** One start of a function's runtime: its sandbox, and its session of the Runtime API. */
export class RuntimeProcess {
  readonly session: RuntimeSession;
  readonly extensions: EnvironmentExtensions;
  /** Settles when the command runs; rejects when the machine cannot start it. */
  readonly started: Promise<void>;
  readonly #options: ProcessOptions;
  #sandbox: Sandbox | undefined;
  readonly #steps = new StartSteps();
  #silenced = false;

  constructor(options: ProcessOptions) {
    this.#options = options;
    this.extensions = new EnvironmentExtensions(options);
    this.session = new RuntimeSession(options.observer, undefined, this.extensions, restoreRoleOf(options));
    this.started = this.#start();
    // Whoever waits for `started` sees the failure; nobody may be waiting.
    this.started.catch(() => undefined);
  }

  /** Absent until it runs. */
  get sandbox(): Sandbox | undefined {
    return this.#sandbox;
  }

  /** The sandbox that holds the environment's `/tmp`, whether or not this start got as far as its own. */
  get sandboxWithTmp(): Sandbox | undefined {
    return this.#sandbox ?? this.#options.previous;
  }

  async #start(): Promise<void> {
    const { version, prepared, log } = this.#options;
    if (await lacksEntrypoint(version, prepared)) throw new MissingEntrypoint();
    await this.extensions.find(prepared.opt);
    if (prepared.image) this.#refuse(faultBeforeStart(version, prepared.image));
    const spec = this.#spec();
    const sandbox = await this.#startSandbox(spec).catch((error: unknown) => {
      if (prepared.image) this.#refuse(faultOfStart(error, version, prepared.image));
      throw error;
    });
    this.#sandbox = sandbox;
    this.#step('sandbox');
    log.follow(sandbox);
    this.extensions.attach(sandbox);
    void sandbox.commandExited.then((exit) => {
      if (!this.#silenced) this.#options.observer.exited(exit);
    });
  }

  /** Says in the log what of an image cannot be started, and throws. */
  #refuse(fault: LaunchFault | undefined): void {
    const { services, version, prepared, log } = this.#options;
    if (!fault || !prepared.image) return;
    log.append(services.clock.nowMs(), launchErrorLine(fault, imageStart(version, prepared.image)));
    throw new MissingEntrypoint(fault);
  }

  async #startSandbox(spec: SandboxSpec): Promise<Sandbox> {
    const { services, prepared, previous, snapStart } = this.#options;
    if (snapStart?.kind === 'restored') return snapStart.snapshot.restore(spec);
    // What is in the pool was started without the rule that lets it be forked.
    if (snapStart) return services.sandboxes.start(spec);
    if (previous) return services.sandboxes.restart(previous, spec);
    return services.pool?.bind(prepared, spec, this.#step) ?? services.sandboxes.start(spec);
  }

  readonly #step = (name: StartStep): void => {
    this.#steps.at(name, this.#options.services.clock.monotonicMs());
  };

  /** Adds what this start, which has just become Ready, was made of. */
  describeStart(phases: PhaseTimes | undefined): void {
    if (!phases) return;
    this.#steps.describe(phases);
    phases.end('init');
  }

  /** Ends everything that runs and reads its last output. Resolves false when that would not end. */
  async stop(reason: ShutdownReason): Promise<boolean> {
    this.#silenced = true;
    await this.#settled();
    await this.extensions.shutDown(reason);
    this.#closeSession();
    if (!this.#sandbox) return true;
    this.#sandbox.signal('SIGKILL');
    return this.#endsInTime(this.#sandbox);
  }

  #settled(): Promise<void> {
    return this.started.catch(() => undefined);
  }

  #endsInTime(sandbox: Sandbox): Promise<boolean> {
    const { clock, timings } = this.#options.services;
    return new Promise((resolve) => {
      const cancel = clock.setTimer(timings.drainMs, () => resolve(false));
      void sandbox.exited.then(() => {
        cancel();
        resolve(true);
      });
    });
  }

  /** Ends and removes everything, `/tmp` included. */
  async destroy(): Promise<void> {
    this.#silenced = true;
    if (!this.extensions.present) this.session.close();
    await this.#settled();
    await this.extensions.shutDown('SPINDOWN');
    this.#closeSession();
    await this.sandboxWithTmp?.destroy();
  }

  #closeSession(): void {
    this.session.close();
    this.extensions.close();
  }

  #spec(): SandboxSpec {
    const { version, services, prepared, log, initializationType, daemon, snapStart } = this.#options;
    const onConnection: SandboxListener['onConnection'] = (socket) => {
      this.#step('runtime');
      this.session.attach(socket);
    };
    const volumes = services.volumes?.(version) ?? [];
    const fixed = fixedSpecOf(version, services, onConnection);
    const listeners = daemon ? [...fixed.listeners, daemon] : fixed.listeners;
    return {
      id: `env-${services.ids.hex(20)}`,
      program: (inside) => {
        const program = prepared.plan.program(inside, {
          logStream: log.streamName,
          ...addressesInside(inside),
          credentials: snapStart ? credentialsEndpoint(snapStart) : services.credentials(version),
          initializationType,
          ...(daemon ? { traceDaemonAddress: inside.listenerAddress(listeners.length - 1) } : {}),
        });
        const companions = this.extensions.companions(inside);
        return companions ? { ...program, companions } : program;
      },
      ...fixed,
      listeners: snapStart ? [...listeners, { ...CREDENTIALS, onConnection }] : listeners,
      ...(snapStart?.kind === 'snapshot' ? { forkable: true } : {}),
      mounts: mountsOf(prepared),
      ...(prepared.image ? { root: prepared.image.root } : {}),
      ...(volumes.length > 0 ? { volumes } : {}),
      ...(prepared.plan.usesRuntimeSocket ? { onRuntimeSocket: onConnection } : {}),
    };
  }
}

function mountsOf(prepared: PreparedVersion): readonly SandboxMount[] {
  if (prepared.image) return prepared.plan.mounts;
  const code: SandboxMount[] = [{ source: prepared.task, target: '/var/task' }];
  if (prepared.opt !== undefined) code.push({ source: prepared.opt, target: '/opt' });
  return [...prepared.plan.mounts, ...code];
}
