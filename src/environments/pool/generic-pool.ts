import { Alarm, type Clock, type Ids, type Log } from '../../base/index.ts';
import type { GenericLaunch } from '../../runtimes/index.ts';
import type { Sandbox, SandboxFactory, SandboxSpec } from '../../sandbox/index.ts';
import { decidePoolStep, leastMissed, type PoolLimits, wantedOf } from './decide-pool.ts';
import { type FixedSpec, fixedPartOf, keyOf } from './fixed-part.ts';
import type { PreparedVersion } from '../services.ts';
import { fitsGeneric, lateBindingIn } from './obstacles.ts';
import { Shape } from './shape.ts';

export interface GenericPoolOptions {
  readonly sandboxes: SandboxFactory;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly limits: PoolLimits;
  /** Launches contend for the kernel's lock on control groups, which holds up every other start. */
  readonly launchesAtOnce: number;
  /** Whether invocations need the machine right now: no moment to launch something for later. */
  readonly isBusy: () => boolean;
  /** Whether the machine has room to spare for so much more. */
  readonly hasRoom: (bytes: number) => boolean;
}

/** What `hearth status` shows. */
export interface GenericPoolStatus {
  readonly ready: number;
  readonly starting: number;
  readonly usedBytes: number;
  /** Runtime to number of those that are ready. */
  readonly byRuntime: Readonly<Record<string, number>>;
}

/** Before a launch is even considered after a cold start: whoever calls once often calls again at once. */
const QUIET_MS = 20;
/** Between two looks at a machine that is busy or full. */
const LOOK_AGAIN_MS = 100;
/** Between two looks at whether there are too many. */
const TIDY_MS = 30_000;
/** Kinds remembered; the one asked for longest ago is forgotten first. */
const MAX_SHAPES = 64;

/**
 * Generic environments, kept ready for functions to become theirs at their first invocation. Sized by the cold starts seen,
 * filled between them, never while the machine is needed; given up first where memory runs short.
 */
export class GenericPool {
  readonly #options: GenericPoolOptions;
  readonly #shapes = new Map<string, Shape>();
  readonly #refill: Alarm;
  readonly #working = new Set<Promise<void>>();
  #launching = 0;
  #epoch = 0;
  #closed: Promise<void> | undefined;

  constructor(options: GenericPoolOptions) {
    this.#options = options;
    this.#refill = new Alarm(options.clock, () => this.#step());
  }

  /**
   * An environment of the pool turned into the one that `spec` describes, or undefined: none is ready, or this start is none
   * for the pool. `step` hears of `pool` and `mounts` as they are done. Either way the pool learns of the cold start. Synchronous: about half a millisecond.
   */
  bind(
    prepared: PreparedVersion,
    spec: SandboxSpec,
    step: (name: 'pool' | 'mounts') => void = () => undefined,
  ): Sandbox | undefined {
    if (!this.#works || this.#closed || !fitsGeneric(spec)) return undefined;
    const late = lateBindingIn(prepared);
    return late && 'generic' in late ? this.#bind(late.generic, spec, step) : undefined;
  }

  /** A function is there that may be called soon: keeps one environment ready for its first cold start. */
  expect(prepared: PreparedVersion, spec: FixedSpec): void {
    if (!this.#works || this.#closed) return;
    const late = lateBindingIn(prepared);
    if (!late || !('generic' in late)) return;
    const { clock, limits } = this.#options;
    const shape = this.#shapeOf(late.generic, spec);
    if (wantedOf(shape, clock.monotonicMs(), limits.perShape) > 0) return;
    shape.asked(clock.monotonicMs(), limits.perShape);
    this.#refill.set(QUIET_MS);
  }

  #bind(
    launch: GenericLaunch,
    spec: SandboxSpec,
    step: (name: 'pool' | 'mounts') => void,
  ): Sandbox | undefined {
    const shape = this.#shapeOf(launch, fixedPartOf(spec));
    shape.asked(this.#options.clock.monotonicMs(), this.#options.limits.perShape);
    this.#refill.set(QUIET_MS);
    const generic = shape.take();
    if (!generic) return undefined;
    step('pool');
    try {
      return generic.bind(spec, () => step('mounts'));
    } catch (cause) {
      this.#options.log.error({ cause }, 'a generic environment could not be bound');
      this.#track(generic.destroy());
      return undefined;
    }
  }

  get status(): GenericPoolStatus {
    const shapes = [...this.#shapes.values()];
    const byRuntime: Record<string, number> = {};
    for (const { runtime, ready } of shapes)
      if (ready > 0) byRuntime[runtime] = (byRuntime[runtime] ?? 0) + ready;
    return {
      ready: shapes.reduce((sum, { ready }) => sum + ready, 0),
      starting: this.#launching,
      usedBytes: this.usedBytes,
      byRuntime,
    };
  }

  get usedBytes(): number {
    let sum = 0;
    for (const shape of this.#shapes.values()) sum += shape.usedBytes;
    return sum;
  }

  /** Gives the memory of the one that will be missed least back to the machine; false where there is none. */
  giveUpOne(): boolean {
    const shape = leastMissed([...this.#shapes.values()].filter(({ ready }) => ready > 0));
    const generic = shape?.take();
    if (generic) this.#track(generic.destroy());
    return generic !== undefined;
  }

  /** Ends all that wait, and forgets what was asked for. */
  async reset(): Promise<void> {
    this.#epoch++;
    this.#refill.clear();
    for (const shape of this.#shapes.values())
      for (const generic of shape.takeAll()) this.#track(generic.destroy());
    this.#shapes.clear();
    while (this.#working.size > 0) await Promise.all(this.#working);
  }

  /** Resolves when nothing is left of it. Idempotent. */
  close(): Promise<void> {
    this.#refill.close();
    this.#closed ??= this.reset();
    return this.#closed;
  }

  get #works(): boolean {
    return this.#options.limits.perShape > 0 && this.#options.sandboxes.capabilities.lateBinding;
  }

  #shapeOf(launch: GenericLaunch, fixed: FixedSpec): Shape {
    const key = keyOf(launch, fixed);
    const known = this.#shapes.get(key);
    const shape =
      known ??
      new Shape({
        launch,
        fixed,
        clock: this.#options.clock,
        discard: (generic) => this.#track(generic.destroy()),
      });
    this.#shapes.delete(key);
    this.#shapes.set(key, shape);
    const [oldest] = this.#shapes;
    if (oldest && this.#shapes.size > MAX_SHAPES) {
      this.#shapes.delete(oldest[0]);
      for (const generic of oldest[1].takeAll()) this.#track(generic.destroy());
    }
    return shape;
  }

  /** One thing at a time; each sets the alarm for the next. */
  #step(): void {
    const { clock, limits, launchesAtOnce, isBusy, hasRoom } = this.#options;
    const step = decidePoolStep([...this.#shapes.values()], clock.monotonicMs(), limits);
    if (!step) return this.#rest();
    if ('discard' in step) {
      const generic = step.discard.take();
      if (generic) this.#track(generic.destroy());
      return this.#refill.set(generic ? 0 : LOOK_AGAIN_MS);
    }
    const may = this.#launching < launchesAtOnce && !isBusy() && hasRoom(step.launch.neededBytes);
    if (may) this.#launch(step.launch);
    this.#refill.set(may ? 0 : LOOK_AGAIN_MS);
  }

  #rest(): void {
    for (const [key, shape] of this.#shapes) {
      const wanted = wantedOf(shape, this.#options.clock.monotonicMs(), this.#options.limits.perShape);
      if (wanted + shape.kept === 0) this.#shapes.delete(key);
    }
    if (this.#shapes.size > 0) this.#refill.set(TIDY_MS);
  }

  #launch(shape: Shape): void {
    const { ids, log } = this.#options;
    const epoch = this.#epoch;
    this.#launching++;
    const launched = shape.start({ ...this.#options, id: `env-${ids.hex(20)}` }).then(
      (generic) => {
        if (this.#closed || epoch !== this.#epoch) return generic.destroy();
        shape.add(generic);
      },
      (cause: unknown) => {
        shape.failed();
        log.warn({ cause, runtime: shape.runtime }, 'a generic environment did not start');
      },
    );
    this.#track(launched.finally(() => this.#launching--));
  }

  #track(work: Promise<unknown>): void {
    const done = work.then(
      () => undefined,
      (err: unknown) => this.#options.log.error({ err }, 'a generic environment did not end'),
    );
    const tracked = done.then(() => void this.#working.delete(tracked));
    this.#working.add(tracked);
  }
}
