import type { Duplex } from 'node:stream';
import type { Clock } from '../base/index.ts';

/** An execution environment as the edge knows it: one object each, shared by all of its connections. */
export interface EnvironmentOrigin {
  readonly kind: 'environment';
}

/** How long an environment that sends ahead is not served. */
const BARRED_MS = 1_000;

interface Emitter {
  once(event: 'close', listener: () => void): unknown;
}

interface ConnectionLimits {
  readonly environmentConnections: number;
}

/**
 * Connections out of environments: which they are, and how many each may hold open. They do not count against the
 * listener's own limit, and a function could otherwise use up the server's file descriptors.
 */
export class EnvironmentConnections {
  readonly #limits: ConnectionLimits;
  readonly #clock: Clock;
  readonly #barredUntilMs = new WeakMap<EnvironmentOrigin, number>();
  readonly #origins = new WeakMap<Duplex, EnvironmentOrigin>();
  readonly #answering = new WeakSet<Duplex>();
  readonly #open = new WeakMap<EnvironmentOrigin, number>();

  constructor(limits: ConnectionLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** False, and the connection is closed, where the environment holds as many as it may. */
  admit(socket: Duplex, origin: EnvironmentOrigin): boolean {
    const open = this.#open.get(origin) ?? 0;
    if (open >= this.#limits.environmentConnections || this.#isBarred(origin)) {
      socket.destroy();
      return false;
    }
    this.#origins.set(socket, origin);
    this.#open.set(origin, open + 1);
    socket.once('close', () => this.#open.set(origin, (this.#open.get(origin) ?? 1) - 1));
    return true;
  }

  /**
   * False where a request of the same connection is still being answered. No client of AWS's sends ahead; a function that
   * does gets thousands of requests into one turn of the event loop, for which everybody else would wait. So the
   * connection is cut, and its environment gets no other for a second.
   */
  takeTurn(socket: Duplex, response: Emitter): boolean {
    const origin = this.#origins.get(socket);
    if (!origin) return true;
    if (this.#answering.has(socket)) {
      this.#bar(origin);
      socket.destroy();
      return false;
    }
    this.#answering.add(socket);
    response.once('close', () => this.#answering.delete(socket));
    return true;
  }

  /** For a request that came before the last one was answered: false, and its environment is barred, where it has one. */
  maySendAhead(socket: Duplex): boolean {
    const origin = this.#origins.get(socket);
    if (origin) this.#bar(origin);
    return origin === undefined;
  }

  #bar(origin: EnvironmentOrigin): void {
    this.#barredUntilMs.set(origin, this.#clock.monotonicMs() + BARRED_MS);
  }

  #isBarred(origin: EnvironmentOrigin): boolean {
    const untilMs = this.#barredUntilMs.get(origin);
    return untilMs !== undefined && this.#clock.monotonicMs() < untilMs;
  }

  /** The environment that a connection came out of; undefined for one from outside. */
  originOf(socket: Duplex): EnvironmentOrigin | undefined {
    return this.#origins.get(socket);
  }
}
