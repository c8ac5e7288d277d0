import { type FunctionVersion, limits } from '../model/index.ts';
import { type RuntimeObserver, RuntimeSession } from '../runtime-api/index.ts';
import type { InitializationType } from '../runtimes/index.ts';
import type { Sandbox, SandboxExit, SandboxListener, SandboxMount, SandboxSpec } from '../sandbox/index.ts';
import { extensionsOf, lacksEntrypoint } from './entrypoint.ts';
import type { EnvironmentLog } from './environment-log.ts';
import type { EnvironmentServices, PreparedVersion } from './services.ts';

/** A custom runtime brings its own `bootstrap`, in the code or in a layer; without one nothing can be started. */
export class MissingEntrypoint extends Error {
  override readonly name = 'MissingEntrypoint';
}

/** The address of the Runtime API inside every environment, as on AWS. */
const RUNTIME_API = { host: '169.254.100.1', port: 9_001 } as const;

export interface ProcessObserver extends RuntimeObserver {
  exited(exit: SandboxExit): void;
}

interface ProcessOptions {
  readonly version: FunctionVersion;
  readonly services: EnvironmentServices;
  readonly prepared: PreparedVersion;
  readonly log: EnvironmentLog;
  readonly observer: ProcessObserver;
  readonly initializationType: InitializationType;
  /** The sandbox whose `/tmp` is to be kept. */
  readonly previous?: Sandbox;
}

/** One start of a function's runtime: its sandbox, and its session of the Runtime API. */
export class RuntimeProcess {
  readonly session: RuntimeSession;
  /** Settles when the command runs; rejects when the machine cannot start it. */
  readonly started: Promise<void>;
  readonly #options: ProcessOptions;
  #sandbox: Sandbox | undefined;
  #silenced = false;

  constructor(options: ProcessOptions) {
    this.#options = options;
    this.session = new RuntimeSession(options.observer);
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
    const { services, version, prepared, previous, log } = this.#options;
    if (await lacksEntrypoint(version, prepared)) throw new MissingEntrypoint();
    await this.#sayWhatIsNotStarted();
    const spec = this.#spec();
    const sandbox = previous
      ? await services.sandboxes.restart(previous, spec)
      : await services.sandboxes.start(spec);
    this.#sandbox = sandbox;
    log.follow(sandbox);
    void sandbox.exited.then((exit) => {
      if (!this.#silenced) this.#options.observer.exited(exit);
    });
  }

  /** A layer brings its extensions with everything else, so that refusing them would refuse the layer. */
  async #sayWhatIsNotStarted(): Promise<void> {
    const { services, prepared, log } = this.#options;
    for (const name of await extensionsOf(prepared)) {
      log.append(services.clock.nowMs(), `EXTENSION\tName: ${name}\tHearth does not start extensions yet`);
    }
  }

  /** Kills everything that runs and reads its last output. Resolves false when that would not end. */
  async stop(): Promise<boolean> {
    this.#silenced = true;
    await this.#settled();
    this.session.close();
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
    this.session.close();
    await this.#settled();
    await this.sandboxWithTmp?.destroy();
  }

  #spec(): SandboxSpec {
    const { version, services, prepared, log, initializationType } = this.#options;
    const onConnection: SandboxListener['onConnection'] = (socket) => this.session.attach(socket);
    const [endpoint] = services.listeners;
    return {
      id: `env-${services.ids.hex(20)}`,
      program: (inside) =>
        prepared.plan.program(inside, {
          logStream: log.streamName,
          runtimeApiAddress: inside.listenerAddress(0),
          endpointUrl: `http://${inside.listenerAddress(1)}`,
          credentials: services.credentials(version),
          initializationType,
        }),
      mounts: mountsOf(prepared),
      tmpBytes: version.ephemeralStorageMiB * 1_048_576,
      memoryBytes: version.memoryMiB * 1_048_576,
      pids: limits.processes,
      openFiles: limits.openFiles,
      listeners: [{ ...RUNTIME_API, onConnection }, endpoint, ...services.listeners.slice(1)],
      ...(prepared.plan.usesRuntimeSocket ? { onRuntimeSocket: onConnection } : {}),
      ...(services.hosts ? { hosts: services.hosts } : {}),
    };
  }
}

function mountsOf(prepared: PreparedVersion): readonly SandboxMount[] {
  const code: SandboxMount[] = [{ source: prepared.task, target: '/var/task' }];
  if (prepared.opt !== undefined) code.push({ source: prepared.opt, target: '/opt' });
  return [...prepared.plan.mounts, ...code];
}
