import { Alarm, type Clock } from '../base/index.ts';
import type { PendingInvocation } from './waiting-line.ts';

/** Places in the array that may stay empty at its front before they are given back. */
const SPENT_PLACES = 64;

/** Invocations of one pool that wait for one of its busy environments, first come, first served. */
export class Turns {
  readonly #alarm: Alarm;
  readonly #patienceMs: number;
  #waiting: PendingInvocation[] = [];
  /** Those before this place in the array have had their turn. */
  #taken = 0;

  /** `stuck` is called when somebody waits and nobody had a turn for `patienceMs`. */
  constructor(clock: Clock, patienceMs: number, stuck: () => void) {
    this.#patienceMs = patienceMs;
    this.#alarm = new Alarm(clock, stuck);
  }

  get length(): number {
    return this.#waiting.length - this.#taken;
  }

  add(pending: PendingInvocation): void {
    if (this.length === 0) this.#alarm.set(this.#patienceMs);
    this.#waiting.push(pending);
  }

  take(): PendingInvocation | undefined {
    const first = this.#waiting[this.#taken];
    if (!first) return undefined;
    this.#taken++;
    if (this.length > 0) this.#alarm.set(this.#patienceMs);
    else this.#alarm.clear();
    if (this.length === 0 || this.#taken === SPENT_PLACES) this.#giveBackSpent();
    return first;
  }

  close(): void {
    this.#alarm.close();
  }

  #giveBackSpent(): void {
    this.#waiting.splice(0, this.#taken);
    this.#taken = 0;
  }
}
