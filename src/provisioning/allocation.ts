import type { Clock } from '../base/index.ts';
import type { FunctionVersion } from '../model/index.ts';
import type { StartedAhead } from '../scheduler/index.ts';

type Handle = Extract<StartedAhead, { kind: 'started' }>;

/** Why AWS says that a configuration failed whose function does not initialise (observed.md, 84). */
export const INIT_FAILURE = 'FUNCTION_ERROR_INIT_FAILURE';

const NO_ROOM =
  'The machine has no room for another execution environment. Provision fewer, or give the server more memory.';

/** An environment that ends this soon after its Init, without an invocation, did not really initialise. */
const EARLY_MS = 10_000;
/** So many of them in a row are enough to stop trying. */
const MOST_EARLY_ENDS = 3;

/** What became of one version's share of a configuration. */
export interface AllocationStatus {
  readonly status: 'IN_PROGRESS' | 'READY' | 'FAILED';
  readonly reason?: string;
  /** Initialised. */
  readonly allocated: number;
  /** Of these, invocations may have. */
  readonly available: number;
}

/**
 * The environments of one version that one configuration asked for. None is used before all are ready; later ones replace
 * what ended, one by one. Decides what is wanted; the provisioner starts it.
 */
export class Allocation {
  readonly version: FunctionVersion;
  readonly #clock: Clock;
  readonly #live = new Set<Handle>();
  #count: number;
  #starting = 0;
  /** All were ready once: each further one is used as soon as it is there. */
  #whole = false;
  #failure: string | undefined;
  #earlyEnds = 0;
  #closed = false;

  constructor(version: FunctionVersion, count: number, clock: Clock) {
    this.version = version;
    this.#count = count;
    this.#clock = clock;
  }

  /** How many it was asked for. */
  get count(): number {
    return this.#count;
  }

  /** How many starts it lacks. */
  get missing(): number {
    if (this.#closed || this.#failure !== undefined) return 0;
    return Math.max(0, this.#count - this.#live.size - this.#starting);
  }

  get status(): AllocationStatus {
    const allocated = this.#live.size;
    const counts = { allocated, available: this.#whole ? allocated : 0 };
    if (this.#failure !== undefined) return { status: 'FAILED', reason: this.#failure, ...counts };
    return { status: allocated >= this.#count ? 'READY' : 'IN_PROGRESS', ...counts };
  }

  /** Whether it stopped for want of room after it had been whole: it may be tried again. */
  get mayRecover(): boolean {
    return !this.#closed && this.#whole && this.#failure === NO_ROOM;
  }

  /** Another number, and a new try where it had failed. */
  resize(count: number): void {
    this.#count = count;
    this.retry();
    for (const handle of [...this.#live].slice(count)) this.#drop(handle);
    this.#releaseIfWhole();
  }

  retry(): void {
    this.#failure = undefined;
    this.#earlyEnds = 0;
  }

  /** Ends its environments as soon as they are idle. */
  close(): void {
    this.#closed = true;
    for (const handle of this.#live) this.#drop(handle);
  }

  /** Runs one start. `lost` is called when an environment that was ready ends by itself. */
  async start(
    startAhead: (gone: (served: boolean) => void) => Promise<StartedAhead>,
    lost: () => void,
  ): Promise<void> {
    let handle: Handle | undefined;
    let [readyMs, isOver] = [0, false];
    this.#starting++;
    const started = await startAhead((served) => {
      isOver = true;
      if (handle && this.#live.delete(handle)) {
        this.#ended(served, this.#clock.monotonicMs() - readyMs);
        lost();
      }
    });
    this.#starting--;
    if (started.kind !== 'started') return this.#fail(started);
    if (isOver || !this.#wants) return started.retire();
    readyMs = this.#clock.monotonicMs();
    handle = started;
    this.#live.add(started);
    if (this.#whole) started.release();
    else this.#releaseIfWhole();
  }

  /** Whether an environment that has just become ready is of use: none is where another one of the first failed. */
  get #wants(): boolean {
    const failedAtFirst = this.#failure !== undefined && !this.#whole;
    return !this.#closed && !failedAtFirst && this.#live.size < this.#count;
  }

  #ended(served: boolean, ageMs: number): void {
    const early = !served && ageMs < EARLY_MS;
    this.#earlyEnds = early ? this.#earlyEnds + 1 : 0;
    if (this.#earlyEnds >= MOST_EARLY_ENDS) this.#failure ??= INIT_FAILURE;
  }

  #fail(started: Exclude<StartedAhead, Handle>): void {
    if (this.#closed) return;
    this.#failure ??= reasonOf(started);
    if (this.#whole) return;
    for (const handle of this.#live) this.#drop(handle);
  }

  #releaseIfWhole(): void {
    if (this.#whole || this.#live.size < this.#count) return;
    this.#whole = true;
    for (const handle of this.#live) handle.release();
  }

  #drop(handle: Handle): void {
    this.#live.delete(handle);
    handle.retire();
  }
}

function reasonOf(started: Exclude<StartedAhead, Handle>): string {
  switch (started.kind) {
    case 'no-room':
      return NO_ROOM;
    case 'init-failed':
      return INIT_FAILURE;
    case 'failed':
      return started.reason;
  }
}
