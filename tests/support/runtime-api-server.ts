import { createServer, type Server, type Socket } from 'node:net';

export interface RuntimeRequest {
  readonly method: string;
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Of a chunked body, where it had any. */
  readonly trailers?: Readonly<Record<string, string>>;
}

/** How an invocation ended, as its runtime reported it. */
export interface Report {
  readonly kind: 'response' | 'error';
  readonly request: RuntimeRequest;
}

interface Waiting {
  readonly resolve: (report: Report) => void;
  readonly requestId: string;
}

interface ServerOptions {
  /** Sends answers in pieces of this many bytes, one for each turn of the event loop. */
  readonly pieceBytes?: number;
}

const END_OF_HEAD = '\r\n\r\n';

/** A Runtime API of one environment, as plain as can be: what a bootstrap is tested against. */
export class RuntimeApiServer {
  readonly #server: Server;
  readonly #options: ServerOptions;
  readonly #events: Buffer[] = [];
  readonly #initErrors: RuntimeRequest[] = [];
  readonly requests: RuntimeRequest[] = [];
  #socket: Socket | undefined;
  #received: Buffer = Buffer.alloc(0);
  #waitsForEvent = false;
  #waiting: Waiting | undefined;
  #count = 0;
  #sending: Promise<void> = Promise.resolve();

  constructor(options: ServerOptions = {}) {
    this.#options = options;
    this.#server = createServer((socket) => this.accept(socket));
  }

  listen(target: string | number): Promise<void> {
    return new Promise((resolve) => {
      if (typeof target === 'string') this.#server.listen(target, resolve);
      else this.#server.listen(target, '127.0.0.1', resolve);
    });
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address ? address.port : 0;
  }

  get initErrors(): readonly RuntimeRequest[] {
    return this.#initErrors;
  }

  /** Hands one event to the runtime and waits for its report. */
  invoke(payload: string | Buffer, headers: Readonly<Record<string, string>> = {}): Promise<Report> {
    this.#count += 1;
    const requestId = `8476a536-e9f4-11e8-9739-${String(this.#count).padStart(12, '0')}`;
    const body = Buffer.from(payload);
    const lines = Object.entries({
      'Content-Type': 'application/json',
      'Lambda-Runtime-Aws-Request-Id': requestId,
      'Lambda-Runtime-Deadline-Ms': String(Date.now() + 60_000),
      'Lambda-Runtime-Invoked-Function-Arn': 'arn:aws:lambda:eu-west-1:000000000000:function:hello',
      'Lambda-Runtime-Trace-Id': `Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e70${this.#count};Sampled=1`,
      'Lambda-Runtime-Invocation-Id': `attempt-${this.#count}`,
      ...headers,
      'Content-Length': String(body.length),
    }).map(([name, value]) => `${name}: ${value}\r\n`);
    const report = new Promise<Report>((resolve) => {
      this.#waiting = { resolve, requestId };
    });
    this.#events.push(Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${lines.join('')}\r\n`), body]));
    this.#offerEvent();
    return report;
  }

  /** Cuts the connection, upon which every bootstrap ends. */
  async close(): Promise<void> {
    this.#socket?.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Serves a connection that something else accepted. */
  accept(socket: Socket): void {
    this.#socket = socket;
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes) => {
      this.#received = Buffer.concat([this.#received, bytes]);
      for (let request = this.#takeRequest(); request; request = this.#takeRequest()) this.#answer(request);
    });
  }

  #takeRequest(): RuntimeRequest | undefined {
    const headLength = this.#received.indexOf(END_OF_HEAD);
    if (headLength < 0) return undefined;
    const [first = '', ...lines] = this.#received.toString('latin1', 0, headLength).split('\r\n');
    const headers = fields(lines);
    const start = headLength + END_OF_HEAD.length;
    const [method = '', path = ''] = first.split(' ');
    if (headers['transfer-encoding'] === 'chunked') {
      const chunked = readChunked(this.#received, start);
      if (chunked) this.#received = this.#received.subarray(chunked.end);
      return chunked && { method, path, headers, body: chunked.body, trailers: chunked.trailers };
    }
    const end = start + Number(headers['content-length'] ?? 0);
    if (this.#received.length < end) return undefined;
    const request = { method, path, headers, body: this.#received.subarray(start, end) };
    this.#received = this.#received.subarray(end);
    return request;
  }

  #answer(request: RuntimeRequest): void {
    this.requests.push(request);
    if (request.path.endsWith('/invocation/next')) {
      this.#waitsForEvent = true;
      this.#offerEvent();
      return;
    }
    const body = '{"status":"OK"}\n';
    this.#send(Buffer.from(`HTTP/1.1 202 Accepted\r\nContent-Length: ${body.length}\r\n\r\n${body}`));
    if (request.path.endsWith('/init/error')) this.#initErrors.push(request);
    else this.#report(request);
  }

  #report(request: RuntimeRequest): void {
    const waiting = this.#waiting;
    if (!waiting || !request.path.includes(waiting.requestId)) return;
    this.#waiting = undefined;
    waiting.resolve({ kind: request.path.endsWith('/response') ? 'response' : 'error', request });
  }

  #offerEvent(): void {
    const event = this.#waitsForEvent ? this.#events.shift() : undefined;
    if (event === undefined) return;
    this.#waitsForEvent = false;
    this.#send(event);
  }

  #send(bytes: Buffer): void {
    this.#sending = this.#sending.then(() => this.#sendPieces(bytes));
  }

  async #sendPieces(bytes: Buffer): Promise<void> {
    const step = this.#options.pieceBytes ?? bytes.length;
    for (let start = 0; start < bytes.length; start += step) {
      this.#socket?.write(bytes.subarray(start, start + step));
      if (start + step < bytes.length) await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

function fields(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    lines.map((line) => {
      const [, name = '', value = ''] = /^([^:]+): (.*)$/.exec(line) ?? [];
      return [name.toLowerCase(), value];
    }),
  );
}

interface ChunkedBody {
  readonly body: Buffer;
  readonly trailers: Record<string, string>;
  readonly end: number;
}

/** A whole chunked body; undefined while something of it is missing. */
function readChunked(bytes: Buffer, start: number): ChunkedBody | undefined {
  const chunks: Buffer[] = [];
  for (let at = start; ; ) {
    const line = bytes.indexOf('\r\n', at);
    if (line < 0) return undefined;
    const size = Number.parseInt(bytes.toString('latin1', at, line), 16);
    at = line + 2;
    if (size === 0) {
      const end = bytes.toString('latin1', at, at + 2) === '\r\n' ? at : bytes.indexOf(END_OF_HEAD, at) + 2;
      if (end < at || bytes.length < end + 2) return undefined;
      const trailers = fields(bytes.toString('latin1', at, end).split('\r\n').slice(0, -1));
      return { body: Buffer.concat(chunks), trailers, end: end + 2 };
    }
    if (bytes.length < at + size + 2) return undefined;
    chunks.push(bytes.subarray(at, at + size));
    at += size + 2;
  }
}
