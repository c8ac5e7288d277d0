import type { Sandbox, SandboxSpec } from '../sandbox.ts';
import { SandboxError } from '../sandbox-error.ts';

/** A sandbox whose /tmp may outlive it. */
export interface RestartableSandbox extends Sandbox {
  /** Like `destroy`, except for what its successor goes on with. */
  destroyExceptTmp(): Promise<void>;
}

/** How an adapter makes its sandboxes. `Keepsake`: what a restarted one takes over, such as the disk of its `/tmp`. */
export interface SandboxMaker<Keepsake> {
  make(spec: SandboxSpec): Promise<Keepsake>;
  /** Calls `onRemoved` when the sandbox is gone but for the keepsake; leaves nothing else when it rejects. */
  launch(
    spec: SandboxSpec,
    keepsake: Keepsake,
    onRemoved: (keep: boolean) => Promise<void>,
  ): Promise<RestartableSandbox>;
  dispose(keepsake: Keepsake): Promise<void>;
}

/** Makes a sandbox that has this keepsake; calls `onRemoved` when all else of it is gone. */
export type Launch<Keepsake> = (
  keepsake: Keepsake,
  onRemoved: (keep: boolean) => Promise<void>,
) => Promise<RestartableSandbox>;

/** The live sandboxes of one factory: who may be restarted, and what there is to destroy when it closes. */
export class SandboxRegistry<Keepsake> {
  readonly #maker: SandboxMaker<Keepsake>;
  readonly #live = new Map<Sandbox, { readonly sandbox: RestartableSandbox; readonly keepsake: Keepsake }>();
  readonly #starting = new Set<Promise<unknown>>();
  #closed = false;

  constructor(maker: SandboxMaker<Keepsake>) {
    this.#maker = maker;
  }

  start(spec: SandboxSpec): Promise<Sandbox> {
    return this.#track(async () => {
      requireId(spec.id);
      return this.#launch(await this.#maker.make(spec), (...args) => this.#maker.launch(spec, ...args));
    });
  }

  /** Starts a sandbox that is made in a way of its own. */
  startBy(id: string, make: () => Promise<Keepsake>, launch: Launch<Keepsake>): Promise<Sandbox> {
    return this.#track(async () => {
      requireId(id);
      return this.#launch(await make(), launch);
    });
  }

  /** What a live sandbox has. */
  keepsakeOf(sandbox: Sandbox): Keepsake | undefined {
    return this.#live.get(sandbox)?.keepsake;
  }

  restart(previous: Sandbox, spec: SandboxSpec): Promise<Sandbox> {
    return this.#track(async () => {
      requireId(spec.id);
      const live = this.#live.get(previous);
      if (!live)
        throw new SandboxError(`sandbox ${previous.id} is gone, and its /tmp with it`, { fault: 'machine' });
      this.#live.delete(previous);
      await live.sandbox.destroyExceptTmp();
      return this.#launch(live.keepsake, (...args) => this.#maker.launch(spec, ...args));
    });
  }

  /** Refuses further starts, waits for those under way and destroys everything. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#starting);
    await Promise.allSettled([...this.#live.keys()].map((sandbox) => sandbox.destroy()));
  }

  async #track<T>(start: () => Promise<T>): Promise<T> {
    if (this.#closed)
      throw new SandboxError('no sandbox starts while the server closes', { fault: 'machine' });
    const started = start();
    this.#starting.add(started);
    try {
      return await started;
    } finally {
      this.#starting.delete(started);
    }
  }

  async #launch(keepsake: Keepsake, launch: Launch<Keepsake>): Promise<Sandbox> {
    try {
      const sandbox = await launch(keepsake, async (keep) => {
        this.#live.delete(sandbox);
        if (!keep) await this.#maker.dispose(keepsake);
      });
      this.#live.set(sandbox, { sandbox, keepsake });
      return sandbox;
    } catch (error) {
      await this.#maker.dispose(keepsake);
      throw error;
    }
  }
}

/** Ids become names of folders and control groups. */
function requireId(id: string): void {
  if (!/^[a-z0-9-]{1,40}$/.test(id)) throw new SandboxError(`"${id}" is no sandbox id`, { fault: 'machine' });
}
