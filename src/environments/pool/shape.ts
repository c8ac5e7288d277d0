import type { Clock } from '../../base/index.ts';
import type { GenericLaunch } from '../../runtimes/index.ts';
import type { ShapeDemand } from './decide-pool.ts';
import type { FixedSpec } from './fixed-part.ts';
import { GenericEnvironment, type GenericStart } from './generic-environment.ts';

/** Of an environment that was not measured yet: a booted Node.js, the largest. */
const UNMEASURED_BYTES = 67_108_864;
const PAUSE_AFTER_FAILURE_MS = 60_000;

interface ShapeOptions {
  readonly launch: GenericLaunch;
  readonly fixed: FixedSpec;
  readonly clock: Clock;
  /** For what no function will get any more. */
  readonly discard: (generic: GenericEnvironment) => void;
}

/** One kind of generic environment: those that wait, and when they were asked for. */
export class Shape implements ShapeDemand {
  readonly startsMs: number[] = [];
  readonly #launch: GenericLaunch;
  readonly #fixed: FixedSpec;
  readonly #clock: Clock;
  readonly #discard: (generic: GenericEnvironment) => void;
  readonly #ready: GenericEnvironment[] = [];
  #starting = 0;
  #notBeforeMs = 0;
  #eachBytes = UNMEASURED_BYTES;

  constructor({ launch, fixed, clock, discard }: ShapeOptions) {
    this.#launch = launch;
    this.#fixed = fixed;
    this.#clock = clock;
    this.#discard = discard;
  }

  get runtime(): string {
    return this.#launch.runtime;
  }

  get ready(): number {
    return this.#ready.length;
  }

  get kept(): number {
    return this.#ready.length + this.#starting;
  }

  get notBeforeMs(): number {
    return this.#notBeforeMs;
  }

  get usedBytes(): number {
    return this.kept * this.#eachBytes;
  }

  get neededBytes(): number {
    return this.#eachBytes;
  }

  /** Remembers a cold start, and no more of them than decisions look at. */
  asked(nowMs: number, remembered: number): void {
    this.startsMs.push(nowMs);
    if (this.startsMs.length > remembered) this.startsMs.shift();
  }

  async start(parts: Omit<GenericStart, 'launch' | 'fixed'>): Promise<GenericEnvironment> {
    this.#starting++;
    try {
      return await GenericEnvironment.start({ ...parts, launch: this.#launch, fixed: this.#fixed });
    } finally {
      this.#starting--;
    }
  }

  add(generic: GenericEnvironment): void {
    this.#ready.push(generic);
    this.#eachBytes = generic.memoryBytes;
    void generic.exited.then(() => {
      const at = this.#ready.indexOf(generic);
      if (at === -1) return;
      this.#ready.splice(at, 1);
      this.failed();
      this.#discard(generic);
    });
  }

  /** One that does not start, or dies while it waits: the next one would too, most likely. */
  failed(): void {
    this.#notBeforeMs = this.#clock.monotonicMs() + PAUSE_AFTER_FAILURE_MS;
  }

  /** The one that waited longest; what is out of date by now is thrown away. */
  take(): GenericEnvironment | undefined {
    for (let next = this.#ready.shift(); next; next = this.#ready.shift()) {
      if (next.isCurrent) return next;
      this.#discard(next);
    }
    return undefined;
  }

  takeAll(): readonly GenericEnvironment[] {
    return this.#ready.splice(0);
  }
}
