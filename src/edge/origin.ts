import type { Duplex } from 'node:stream';

/** An execution environment as the edge knows it: one object each, shared by all of its connections. */
export interface EnvironmentOrigin {
  readonly kind: 'environment';
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
  readonly #origins = new WeakMap<Duplex, EnvironmentOrigin>();
  readonly #open = new WeakMap<EnvironmentOrigin, number>();

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  /** False, and the connection is closed, where the environment holds as many as it may. */
  admit(socket: Duplex, origin: EnvironmentOrigin): boolean {
    const open = this.#open.get(origin) ?? 0;
    if (open >= this.#limits.environmentConnections) {
      socket.destroy();
      return false;
    }
    this.#origins.set(socket, origin);
    this.#open.set(origin, open + 1);
    socket.once('close', () => this.#open.set(origin, (this.#open.get(origin) ?? 1) - 1));
    return true;
  }

  /** The environment that a connection came out of; undefined for one from outside. */
  originOf(socket: Duplex): EnvironmentOrigin | undefined {
    return this.#origins.get(socket);
  }
}
