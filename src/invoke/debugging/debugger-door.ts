import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import type { Clock } from '../../base/index.ts';

/** Connects to the port inside the environment at which the runtime listens for debuggers. */
export type ConnectInside = () => Promise<Socket>;

/** A debugger opens one or two, and asks for the list of targets with others. */
const MOST_CONNECTIONS = 32;
/** Between two tries at a runtime that does not listen yet. */
const RETRY_MS = 25;

/**
 * A port of the host's loopback that leads into one environment. Clients may come before the environment is there: they
 * wait until the runtime listens.
 */
export class DebuggerDoor {
  readonly port: number;
  readonly #server: Server;
  readonly #clock: Clock;
  readonly #inside = Promise.withResolvers<ConnectInside>();
  readonly #clients = new Set<Socket>();
  #open = true;

  private constructor(server: Server, clock: Clock) {
    this.#server = server;
    this.#clock = clock;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (client) => void this.#admit(client));
  }

  /** Opens the door at a port of 127.0.0.1; 0 for any free one. Rejects with `EADDRINUSE` where it is taken. */
  static async open(port: number, clock: Clock): Promise<DebuggerDoor> {
    const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true });
    server.maxConnections = MOST_CONNECTIONS;
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return new DebuggerDoor(server, clock);
  }

  /** Where the door leads, from now on. */
  lead(inside: ConnectInside): void {
    this.#inside.resolve(inside);
  }

  close(): void {
    this.#open = false;
    this.#server.close();
    for (const client of this.#clients) client.destroy();
  }

  async #admit(client: Socket): Promise<void> {
    this.#clients.add(client);
    client.on('error', () => undefined);
    client.once('close', () => this.#clients.delete(client));
    const inside = await this.#connect(client, await this.#inside.promise);
    if (!inside) return;
    inside.on('error', () => client.destroy());
    client.once('close', () => inside.destroy());
    if (client.destroyed) inside.destroy();
    else pipeline(client, inside, client, () => undefined);
  }

  async #connect(client: Socket, connectInside: ConnectInside): Promise<Socket | undefined> {
    while (this.#open && !client.destroyed) {
      try {
        return await connectInside();
      } catch {
        await new Promise<void>((resolve) => void this.#clock.setTimer(RETRY_MS, resolve));
      }
    }
    return undefined;
  }
}
