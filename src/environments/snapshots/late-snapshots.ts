import type { FunctionVersion, StateReason } from '../../model/index.ts';
import type { SandboxFactory } from '../../sandbox/index.ts';
import type { Snapshots } from './snapshots.ts';

/** The snapshots of a server, for those that are opened before an environment can be: calls wait for `open`. */
export class LateSnapshots {
  /** Why this machine can take none, in one sentence. */
  readonly unavailable?: string;
  readonly #opened = Promise.withResolvers<Snapshots>();
  #snapshots: Snapshots | undefined;

  constructor({ forks, capabilities }: Pick<SandboxFactory, 'forks' | 'capabilities'>) {
    this.#opened.promise.catch(() => undefined);
    if (!forks) this.unavailable = capabilities.cannotFork ?? 'Sandboxes cannot be forked here.';
  }

  open(snapshots: Snapshots): void {
    this.#snapshots = snapshots;
    this.#opened.resolve(snapshots);
  }

  /** Those who still wait are rejected. */
  async close(): Promise<void> {
    this.#opened.reject(new Error('the server is stopping'));
    await this.#snapshots?.close();
  }

  async take(version: FunctionVersion): Promise<StateReason | undefined> {
    const snapshots = await this.#opened.promise;
    return snapshots.take(version);
  }

  async discard(deploymentId: string): Promise<void> {
    await this.#snapshots?.discard(deploymentId);
  }
}
