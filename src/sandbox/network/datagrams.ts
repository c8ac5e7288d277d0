import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { CancelTimer, Clock } from '../../base/index.ts';
import type { SandboxDatagramListener } from '../sandbox.ts';
import type { CloseListener } from './listener.ts';

/** What one sandbox may send to one port in a second, each datagram taking Hearth some 5 µs. */
const MOST_DATAGRAMS = 1_000;
const MOST_BYTES = 4 * 2 ** 20;
const WINDOW_MS = 1_000;

interface DatagramOptions {
  readonly clock: Clock;
  /** Makes the socket listen: there and again, since a socket that stopped reading is closed. */
  readonly bind: (socket: Socket) => void;
  readonly onDatagram: SandboxDatagramListener['onDatagram'];
}

/** Hands datagrams over. Whoever sends too many is not read for the rest of the second; the kernel drops what is too much. */
export async function openDatagrams(options: DatagramOptions): Promise<CloseListener & { port(): number }> {
  const reader = new DatagramReader(options);
  await reader.open();
  return Object.assign(() => reader.close(), { port: () => reader.port });
}

class DatagramReader {
  readonly #options: DatagramOptions;
  #socket: Socket | undefined;
  #cancelPause: CancelTimer | undefined;
  #windowMs = Number.NEGATIVE_INFINITY;
  #datagrams = 0;
  #bytes = 0;
  #open = true;

  constructor(options: DatagramOptions) {
    this.#options = options;
  }

  get port(): number {
    return this.#socket?.address().port ?? 0;
  }

  async open(): Promise<void> {
    const socket = createSocket('udp4');
    this.#socket = socket;
    const listening = once(socket, 'listening');
    this.#options.bind(socket);
    await listening;
    socket.on('error', () => undefined);
    socket.on('message', (datagram) => this.#received(datagram));
  }

  close(): void {
    this.#open = false;
    this.#cancelPause?.();
    this.#socket?.close();
    this.#socket = undefined;
  }

  #received(datagram: Buffer): void {
    if (!this.#socket) return;
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - this.#windowMs >= WINDOW_MS) [this.#windowMs, this.#datagrams, this.#bytes] = [nowMs, 0, 0];
    this.#options.onDatagram(datagram);
    this.#bytes += datagram.length;
    if (++this.#datagrams >= MOST_DATAGRAMS || this.#bytes >= MOST_BYTES) this.#pause(nowMs);
  }

  #pause(nowMs: number): void {
    this.#socket?.close();
    this.#socket = undefined;
    const restMs = this.#windowMs + WINDOW_MS - nowMs;
    this.#cancelPause = this.#options.clock.setTimer(restMs, () => void this.#resume());
  }

  /** Where it cannot listen again, what is sent is lost, as it may be with datagrams. */
  async #resume(): Promise<void> {
    if (this.#open) await this.open().catch(() => this.#socket?.close());
  }
}
