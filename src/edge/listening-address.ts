import { isIPv4, isIPv6 } from 'node:net';
import type { EnvironmentServices } from '../environments/index.ts';
import type { Edge } from './edge.ts';

/** Hearth's own address, from outside and as functions reach it: the same where it can be. Known once the listener is up. */
export class ListeningAddress {
  readonly #host: string;
  #edge: Edge | undefined;
  #port = 0;

  constructor(host: string) {
    this.#host = host;
  }

  /** `http://host:port`. */
  get url(): string {
    return `http://${isIPv6(this.#host) ? `[${this.#host}]` : this.#host}:${this.#port}`;
  }

  open(edge: Edge, port: number): void {
    this.#edge = edge;
    this.#port = port;
  }

  /** For the inside of environments, which speak IPv4. Asked for once for each, whose connections it thereby tells apart. */
  get listener(): EnvironmentServices['listeners'][0] {
    const origin = { kind: 'environment' } as const;
    return {
      host: isIPv4(this.#host) && this.#host !== '0.0.0.0' ? this.#host : '127.0.0.1',
      port: this.#port,
      onConnection: (socket) => this.#edge?.acceptFromEnvironment(socket, origin),
    };
  }
}
