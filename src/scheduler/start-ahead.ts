import type { EnvironmentServices, ExecutionEnvironment } from '../environments/index.ts';
import type { GoneListener } from './ahead.ts';
import type { EnvironmentPool } from './environment-pool.ts';

/** How the start of an environment ahead of invocations ended. */
export type StartedAhead =
  | {
      readonly kind: 'started';
      /** Lets invocations have it. */
      readonly release: () => void;
      /** Ends it when idle, or as soon as its invocation is over. */
      readonly retire: () => void;
    }
  /** The machine's bounds on environments or memory leave no place, not even for something idle to make. */
  | { readonly kind: 'no-room' }
  /** The function's code did not initialise. */
  | { readonly kind: 'init-failed' }
  /** Something else: the code is not there, the deployment is gone, the server stops. */
  | { readonly kind: 'failed'; readonly reason: string };

interface AheadParts {
  readonly services: () => EnvironmentServices;
  readonly makeRoom: (pool: EnvironmentPool) => boolean;
  /** Changes when all environments are ended. */
  readonly epoch: () => number;
  readonly forgetIfEmpty: (pool: EnvironmentPool) => void;
}

/** Starts environments of provisioned concurrency. */
export class AheadStarts {
  readonly #parts: AheadParts;

  constructor(parts: AheadParts) {
    this.#parts = parts;
  }

  /** Never rejects. */
  async start(pool: EnvironmentPool, gone: GoneListener): Promise<StartedAhead> {
    if (!this.#parts.makeRoom(pool)) {
      this.#parts.forgetIfEmpty(pool);
      return { kind: 'no-room' };
    }
    try {
      const entered = await this.#enter(pool, gone);
      if (!entered) return notDeployed;
      const { environment, watch } = entered;
      const outcome = await environment.initialize();
      if (outcome === 'ready') return watch.begin(pool, environment);
      return outcome === 'init-failed' ? { kind: outcome } : notDeployed;
    } catch (error) {
      return { kind: 'failed', reason: error instanceof Error ? error.message : String(error) };
    }
  }

  /** Undefined where the deployment went, or everything was ended, while its code was fetched. */
  async #enter(
    pool: EnvironmentPool,
    gone: GoneListener,
  ): Promise<{ readonly environment: ExecutionEnvironment; readonly watch: Watch } | undefined> {
    const epoch = this.#parts.epoch();
    const services = this.#parts.services();
    pool.preparing++;
    try {
      const prepared = await pool.prepare(services);
      if (epoch !== this.#parts.epoch() || pool.retired) return undefined;
      const watch = new Watch(gone);
      return { watch, environment: pool.addAhead(prepared, services, watch.ended) };
    } finally {
      pool.preparing--;
      this.#parts.forgetIfEmpty(pool);
    }
  }
}

const notDeployed: StartedAhead = { kind: 'failed', reason: 'The execution environment was ended.' };

/** Tells of the end only after the start was told of. */
class Watch {
  readonly #gone: GoneListener;
  #begun = false;
  #over = false;

  constructor(gone: GoneListener) {
    this.#gone = gone;
  }

  readonly ended = (served: boolean): void => {
    this.#over = true;
    if (this.#begun) this.#gone(served);
  };

  begin(pool: EnvironmentPool, environment: ExecutionEnvironment): StartedAhead {
    if (this.#over) return notDeployed;
    this.#begun = true;
    return {
      kind: 'started',
      release: () => pool.release(environment),
      retire: () => environment.retire(),
    };
  }
}
