import { connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface RawReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A client that writes bytes as they are, and reads replies with a length. */
export class RawClient {
  readonly socket: Socket;
  #received = Buffer.alloc(0);
  #closed = false;
  #wake = Promise.withResolvers<void>();

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => this.#note(() => (this.#received = Buffer.concat([this.#received, chunk]))));
    socket.on('error', () => undefined);
    socket.on('close', () => this.#note(() => (this.#closed = true)));
  }

  #note(change: () => void): void {
    change();
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }

  write(bytes: string | Uint8Array): this {
    this.socket.write(bytes);
    return this;
  }

  get(path: string, headers = ''): this {
    return this.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`);
  }

  post(path: string, body: string | Uint8Array, headers = ''): this {
    this.write(
      `POST ${path} HTTP/1.1\r\nHost: x\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n`,
    );
    return this.write(body);
  }

  /** The next reply; undefined once the server has closed the connection without one. */
  async reply(): Promise<RawReply | undefined> {
    for (;;) {
      const reply = this.#takeReply();
      if (reply) return reply;
      if (this.#closed) return undefined;
      await this.#wake.promise;
    }
  }

  #takeReply(): RawReply | undefined {
    const end = this.#received.indexOf('\r\n\r\n');
    if (end === -1) return undefined;
    const [first = '', ...lines] = this.#received.toString('latin1', 0, end).split('\r\n');
    const headers = Object.fromEntries(
      lines
        .map((line) => line.split(/:\s*(.*)/s).slice(0, 2))
        .map(([k = '', v = '']) => [k.toLowerCase(), v]),
    );
    const length = Number(headers['content-length'] ?? 0);
    if (this.#received.length < end + 4 + length) return undefined;
    const body = this.#received.toString('utf8', end + 4, end + 4 + length);
    this.#received = this.#received.subarray(end + 4 + length);
    return { status: Number(first.split(' ')[1]), headers, body };
  }

  async closed(): Promise<void> {
    while (!this.#closed) await this.#wake.promise;
  }
}

/** Listens on a port of its own; returns a maker of clients. All is closed when the test ends. */
export async function listen(onConnection: (socket: Socket) => void): Promise<() => Promise<RawClient>> {
  const server = createServer(onConnection);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const sockets: Socket[] = [];
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return async () => {
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    await new Promise((resolve) => socket.once('connect', resolve));
    return new RawClient(socket);
  };
}
