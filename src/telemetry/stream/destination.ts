import { request } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../../base/index.ts';
import type { TelemetryDestination } from './subscription.ts';

/** Connects to a port inside the environment. */
export type ConnectInside = (port: number) => Promise<Socket>;

/** Takes one batch of rendered events. Rejects when it is not known to have arrived. */
export interface TelemetrySender {
  send(events: readonly string[]): Promise<void>;
  close(): void;
}

interface SenderOptions {
  readonly destination: TelemetryDestination;
  readonly connect: ConnectInside;
  readonly clock: Clock;
}

/** How long a destination may take to accept and answer one batch: it is hostile, and holds a descriptor of ours. */
const ANSWER_TIMEOUT_MS = 5_000;

export function openSender(options: SenderOptions): TelemetrySender {
  return options.destination.protocol === 'HTTP' ? new HttpSender(options) : new TcpSender(options);
}

/** One request for each batch, an array of events, on a connection of its own. */
class HttpSender implements TelemetrySender {
  readonly #options: SenderOptions;
  #socket: Socket | undefined;
  #closed = false;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  async send(events: readonly string[]): Promise<void> {
    const { destination, connect, clock } = this.#options;
    const socket = await connect(destination.port);
    if (this.#closed) return void socket.destroy();
    this.#socket = socket;
    const cancel = clock.setTimer(ANSWER_TIMEOUT_MS, () => socket.destroy());
    try {
      await post(socket, destination, `[${events.join(',')}]`);
    } finally {
      cancel();
      socket.destroy();
    }
  }

  close(): void {
    this.#closed = true;
    this.#socket?.destroy();
  }
}

function post(socket: Socket, destination: TelemetryDestination, body: string): Promise<void> {
  const { path, method } = destination.protocol === 'HTTP' ? destination : { path: '/', method: 'POST' };
  const headers = {
    host: `sandbox.localdomain:${destination.port}`,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  };
  return new Promise((resolve, reject) => {
    const sent = request({ createConnection: () => socket, method, path, headers }, (response) => {
      const { statusCode = 0 } = response;
      response.on('error', () => undefined);
      // Whatever it says beside the status is of no use, and may be without end: the socket is destroyed.
      if (isSuccess(statusCode)) resolve();
      else reject(new Error(`answered ${statusCode}`));
    });
    sent.on('error', reject);
    socket.on('close', () => reject(new Error('the connection ended')));
    sent.end(body);
  });
}

const SUCCESS = { from: 200, below: 300 };

function isSuccess(code: number): boolean {
  return code >= SUCCESS.from && code < SUCCESS.below;
}

/** One connection for all batches; an event is a line. */
class TcpSender implements TelemetrySender {
  readonly #options: SenderOptions;
  #socket: Socket | undefined;
  #closed = false;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  async send(events: readonly string[]): Promise<void> {
    const socket = this.#socket ?? (await this.#connect());
    const cancel = this.#options.clock.setTimer(ANSWER_TIMEOUT_MS, () => socket.destroy());
    try {
      await write(socket, `${events.join('\n')}\n`);
    } catch (error) {
      socket.destroy();
      throw error;
    } finally {
      cancel();
    }
  }

  async #connect(): Promise<Socket> {
    const socket = await this.#options.connect(this.#options.destination.port);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => (this.#socket = undefined));
    // What it sends back is nobody's business.
    socket.resume();
    if (this.#closed) socket.destroy();
    else this.#socket = socket;
    return socket;
  }

  close(): void {
    this.#closed = true;
    this.#socket?.destroy();
  }
}

function write(socket: Socket, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const ended = (): void => reject(new Error('the connection ended'));
    socket.once('close', ended);
    socket.write(text, (error) => {
      socket.off('close', ended);
      if (error) reject(error);
      else resolve();
    });
  });
}
