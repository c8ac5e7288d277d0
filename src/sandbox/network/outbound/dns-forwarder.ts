import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6, type Socket as TcpSocket } from 'node:net';
import type { Clock } from '../../../base/index.ts';
import { joinConnection } from '../host-port.ts';
import { type CloseListener, openListener } from '../listener.ts';
import type { Resolver } from './resolvers.ts';

/** Questions under way at once, each a socket of the host; further ones are dropped, and clients ask again. */
const MOST_QUESTIONS = 512;
/** Of one sandbox, so that none keeps the others from asking. Its address is its own: the router drops all else. */
const MOST_QUESTIONS_EACH = 64;
/** Connections of one sandbox: they are for the rare answers that are too long for a datagram. */
const MOST_CONNECTIONS_EACH = 8;
/** A connection on which nothing happens is for nobody. */
const LONGEST_IDLE_MS = 10_000;
/** A resolver that is silent for so long is given up for the next. */
const PATIENCE_MS = 2000;

export interface DnsForwarderOptions {
  /** A UDP and a TCP socket bound to port 53 of the router; taken over. */
  readonly udp: number;
  readonly tcp: number;
  readonly clock: Clock;
  /** The host's resolvers, first choice first; asked for each question, since laptops move. */
  readonly resolvers: () => readonly Resolver[];
}

/**
 * Carries DNS questions from the router to the resolvers of the host, by the host's own network: names resolve as on
 * the host, also where its resolver listens on loopback only (systemd-resolved). RFC 1035: UDP, and TCP for long answers.
 */
export class DnsForwarder {
  readonly #options: DnsForwarderOptions;
  readonly #udp: Socket = createSocket('udp4');
  #closeTcp: CloseListener | undefined;
  /** Gives up a question under way. */
  readonly #asking = new Set<() => void>();
  readonly #questions = new Shares(MOST_QUESTIONS_EACH);
  readonly #connections = new Shares(MOST_CONNECTIONS_EACH);
  #open = true;

  private constructor(options: DnsForwarderOptions) {
    this.#options = options;
  }

  static async open(options: DnsForwarderOptions): Promise<DnsForwarder> {
    const forwarder = new DnsForwarder(options);
    await forwarder.#listen();
    return forwarder;
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#closeTcp?.();
    this.#udp.close();
    for (const giveUp of this.#asking) giveUp();
  }

  async #listen(): Promise<void> {
    const listening = once(this.#udp, 'listening');
    this.#udp.bind({ fd: this.#options.udp });
    await listening;
    this.#udp.on('error', () => undefined);
    this.#udp.on('message', (question, from) => {
      if (this.#asking.size >= MOST_QUESTIONS || !this.#questions.take(from.address)) return;
      void this.#forward(question, from).finally(() => this.#questions.giveBack(from.address));
    });
    this.#closeTcp = await openListener(this.#options.tcp, (socket) => this.#join(socket));
  }

  #join(socket: TcpSocket): void {
    const { remoteAddress = '' } = socket;
    const [resolver] = this.#options.resolvers();
    if (!resolver || !this.#connections.take(remoteAddress)) {
      socket.resetAndDestroy();
      return;
    }
    socket.once('close', () => this.#connections.giveBack(remoteAddress));
    // Joined in both directions, which takes ten listeners by itself.
    socket.setMaxListeners(16).setTimeout(LONGEST_IDLE_MS, () => socket.resetAndDestroy());
    joinConnection(socket, resolver);
  }

  /** Asks one resolver after another and hands the first answer back, as it came. */
  async #forward(question: Buffer, from: RemoteInfo): Promise<void> {
    for (const resolver of this.#options.resolvers()) {
      const answer = await this.#ask(question, resolver);
      if (!this.#open) return;
      if (answer) return this.#udp.send(answer, from.port, from.address, () => undefined);
    }
  }

  /** A socket of its own for each question: a port that nobody can guess, and answers from that resolver alone. */
  #ask(question: Buffer, { host, port }: Resolver): Promise<Buffer | undefined> {
    const { promise, resolve } = Promise.withResolvers<Buffer | undefined>();
    const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
    const giveUp = (): void => finish(undefined);
    const cancelTimer = this.#options.clock.setTimer(PATIENCE_MS, giveUp);
    const finish = (answer: Buffer | undefined): void => {
      if (!this.#asking.delete(giveUp)) return;
      cancelTimer();
      socket.close();
      resolve(answer);
    };
    this.#asking.add(giveUp);
    socket.once('message', finish);
    socket.on('error', giveUp);
    socket.once('connect', () => socket.send(question));
    socket.connect(port, host);
    return promise;
  }
}

/** How much of something each address holds. */
class Shares {
  readonly #most: number;
  readonly #held = new Map<string, number>();

  constructor(most: number) {
    this.#most = most;
  }

  /** False, and nothing is taken, where the address holds as much as it may. */
  take(address: string): boolean {
    const held = this.#held.get(address) ?? 0;
    if (held >= this.#most) return false;
    this.#held.set(address, held + 1);
    return true;
  }

  giveBack(address: string): void {
    const held = (this.#held.get(address) ?? 0) - 1;
    if (held > 0) this.#held.set(address, held);
    else this.#held.delete(address);
  }
}
