import { statSync } from 'node:fs';
import type { Socket } from 'node:net';
import { type Clock, invariant } from '../../base/index.ts';
import type { GenericLaunch } from '../../runtimes/index.ts';
import type {
  InsideView,
  Sandbox,
  SandboxListener,
  SandboxFactory,
  SandboxSpec,
} from '../../sandbox/index.ts';
import { addressesInside } from '../addresses-inside.ts';
import type { FixedSpec } from './fixed-part.ts';
import { assignmentRequested, encodeAssignment } from './assignment.ts';

export interface GenericStart {
  readonly id: string;
  readonly launch: GenericLaunch;
  readonly fixed: FixedSpec;
  readonly sandboxes: SandboxFactory;
  readonly clock: Clock;
}

/** Where a function's code and layers come to be. */
const LATE_MOUNT_POINTS = ['/var/task', '/opt'];
/** A bootstrap is there after 40–90 ms, on a busy machine after some hundreds. */
const START_TIMEOUT_MS = 10_000;

/**
 * An environment that knows no function: its sandbox stands, the runtime has booted and waits, frozen. It becomes the
 * environment of one function, once, or of none.
 */
export class GenericEnvironment {
  readonly #launch: GenericLaunch;
  readonly #madeOf: string;
  readonly #asked = Promise.withResolvers<Socket>();
  #inside: InsideView | undefined;
  #sandbox: Sandbox | undefined;
  #socket: Socket | undefined;
  #assigned: SandboxSpec | undefined;

  private constructor(launch: GenericLaunch) {
    this.#launch = launch;
    this.#madeOf = fingerprintOf(launch);
    this.#asked.promise.catch(() => undefined);
  }

  /** Resolves when it waits. Rejects, with nothing left behind, when it does not come to that. */
  static async start(start: GenericStart): Promise<GenericEnvironment> {
    const generic = new GenericEnvironment(start.launch);
    const sandbox = await start.sandboxes.start(generic.#spec(start));
    generic.#sandbox = sandbox;
    const cancel = start.clock.setTimer(START_TIMEOUT_MS, () =>
      generic.#asked.reject(new Error('the bootstrap did not ask for its function in time')),
    );
    void sandbox.exited.then(() => generic.#asked.reject(new Error('the bootstrap ended')));
    try {
      generic.#socket = await generic.#asked.promise;
      sandbox.freeze();
      return generic;
    } catch (error) {
      await sandbox.destroy();
      throw error;
    } finally {
      cancel();
    }
  }

  /** Settles when it ended without ever having had a function, or with one. */
  get exited(): Promise<unknown> {
    return this.#running.exited;
  }

  get memoryBytes(): number {
    return this.#running.usage().memoryPeakBytes;
  }

  /** Whether the interpreter and what our bootstrap is made of are still those that it was started with. */
  get isCurrent(): boolean {
    return this.#madeOf === fingerprintOf(this.#launch);
  }

  /**
   * Becomes the environment that `spec` describes, with its variables, code, layers, memory and connections. Throws a
   * `SandboxError` where that fails: it is of no further use then. Nobody else may ever get it after this.
   */
  bind(spec: SandboxSpec, mounted: () => void): Sandbox {
    const [sandbox, inside, socket] = [this.#running, this.#inside, this.#socket];
    invariant(inside && socket && !this.#assigned, 'a generic environment is bound once, when it waits');
    this.#assigned = spec;
    const { mounts } = this.#launch;
    sandbox.limitMemory(spec.memoryBytes);
    sandbox.mountLate(spec.mounts.filter(({ target }) => mounts.every((own) => own.target !== target)));
    mounted();
    socket.write(encodeAssignment(spec.program(inside)));
    spec.onRuntimeSocket?.(socket);
    sandbox.thaw();
    return sandbox;
  }

  destroy(): Promise<void> {
    return this.#running.destroy();
  }

  get #running(): Sandbox {
    invariant(this.#sandbox, 'it has been started');
    return this.#sandbox;
  }

  #spec({ id, launch, fixed }: GenericStart): SandboxSpec {
    return {
      ...fixed,
      id,
      mounts: launch.mounts,
      lateMountPoints: LATE_MOUNT_POINTS,
      program: (inside) => {
        this.#inside = inside;
        return launch.program(inside, addressesInside(inside));
      },
      listeners: fixed.listeners.map(({ host, port }, index) => ({
        host,
        port,
        onConnection: (socket) => this.#route(socket, this.#handlerOf(index)),
      })),
      onRuntimeSocket: (socket) => {
        if (this.#socket) this.#route(socket, this.#assigned?.onRuntimeSocket);
        else this.#firstConnection(socket);
      },
    };
  }

  #handlerOf(index: number): SandboxListener['onConnection'] | undefined {
    const listener = this.#assigned?.listeners[index];
    return listener?.transport === undefined ? listener?.onConnection : undefined;
  }

  #firstConnection(socket: Socket): void {
    this.#socket = socket;
    assignmentRequested(socket).then(() => this.#asked.resolve(socket), this.#asked.reject);
  }

  /** Nobody inside has anything to ask of anybody before there is a function. */
  #route(socket: Socket, onConnection: ((socket: Socket) => void) | undefined): void {
    socket.on('error', () => undefined);
    if (onConnection) onConnection(socket);
    else socket.destroy();
  }
}

/** Whatever replaces a file or a folder, by renaming or in place, changes one of these. */
function fingerprintOf({ madeOf }: GenericLaunch): string {
  const stats = madeOf.map((path) => statSync(path, { throwIfNoEntry: false }));
  return stats.map((stat) => (stat ? `${stat.dev}:${stat.ino}:${stat.mtimeMs}` : '')).join();
}
