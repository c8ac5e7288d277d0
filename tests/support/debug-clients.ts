import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

type Message = Readonly<Record<string, unknown>>;

/** Answers by number, and events as they come: what both debug protocols have in common. */
class Dialogue {
  readonly #answers = new Map<number, (message: Message) => void>();
  readonly #events: Message[] = [];
  readonly #waiting: { name: string; resolve: (message: Message) => void }[] = [];
  #last = 0;

  get nextId(): number {
    return ++this.#last;
  }

  answerTo(id: number): Promise<Message> {
    return new Promise((resolve) => this.#answers.set(id, resolve));
  }

  answered(id: number, message: Message): void {
    this.#answers.get(id)?.(message);
    this.#answers.delete(id);
  }

  happened(name: string, message: Message): void {
    const index = this.#waiting.findIndex((waiter) => waiter.name === name);
    const [waiter] = index < 0 ? [] : this.#waiting.splice(index, 1);
    if (waiter) waiter.resolve(message);
    else this.#events.push({ name, message });
  }

  /** The next event of this name, also one that came before it was asked for. */
  event(name: string): Promise<Message> {
    const index = this.#events.findIndex((event) => event['name'] === name);
    const [event] = index < 0 ? [] : this.#events.splice(index, 1);
    if (event) return Promise.resolve(event['message'] as Message);
    return new Promise((resolve) => this.#waiting.push({ name, resolve }));
  }
}

/** A client of the Node.js inspector, as Chrome and VS Code are. */
export class InspectorClient {
  readonly #socket: WebSocket;
  readonly #dialogue = new Dialogue();

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      const message = JSON.parse(String(data)) as Message;
      if (typeof message['id'] === 'number') this.#dialogue.answered(message['id'], message);
      else this.#dialogue.happened(String(message['method']), message['params'] as Message);
    });
  }

  static async attach(port: number): Promise<InspectorClient> {
    const targets = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as readonly {
      readonly webSocketDebuggerUrl: string;
    }[];
    const socket = new WebSocket(targets[0]?.webSocketDebuggerUrl ?? '');
    const client = new InspectorClient(socket);
    await once(socket, 'open');
    return client;
  }

  async send(method: string, params: object = {}): Promise<Message> {
    const id = this.#dialogue.nextId;
    const answer = this.#dialogue.answerTo(id);
    this.#socket.send(JSON.stringify({ id, method, params }));
    const message = await answer;
    if (message['error']) throw new Error(`${method}: ${JSON.stringify(message['error'])}`);
    return message['result'] as Message;
  }

  /** Waits for the next stop; gives the top frame. */
  async paused(): Promise<{
    readonly callFrameId: string;
    readonly line: number;
    readonly function: string;
  }> {
    const { callFrames } = (await this.#dialogue.event('Debugger.paused')) as {
      readonly callFrames?: readonly {
        readonly callFrameId: string;
        readonly functionName: string;
        readonly location: { readonly lineNumber: number };
      }[];
    };
    const top = callFrames?.[0];
    if (!top) throw new Error('paused nowhere');
    return { callFrameId: top.callFrameId, line: top.location.lineNumber + 1, function: top.functionName };
  }

  async evaluate(callFrameId: string, expression: string): Promise<unknown> {
    const { result } = (await this.send('Debugger.evaluateOnCallFrame', { callFrameId, expression })) as {
      readonly result?: { readonly value?: unknown };
    };
    return result?.value;
  }

  close(): void {
    this.#socket.close();
  }
}

/** A client of the Debug Adapter Protocol, as VS Code is. */
export class DapClient {
  readonly #socket: Socket;
  readonly #dialogue = new Dialogue();
  #received = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      while (this.#take());
    });
  }

  static async attach(port: number): Promise<DapClient> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new DapClient(socket);
  }

  async request(command: string, args: object = {}): Promise<Message> {
    const seq = this.#dialogue.nextId;
    const answer = this.#dialogue.answerTo(seq);
    const body = JSON.stringify({ seq, type: 'request', command, arguments: args });
    this.#socket.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    const message = await answer;
    if (message['success'] !== true) throw new Error(`${command}: ${JSON.stringify(message)}`);
    return (message['body'] ?? {}) as Message;
  }

  event(name: string): Promise<Message> {
    return this.#dialogue.event(name);
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(): boolean {
    const headEnd = this.#received.indexOf('\r\n\r\n');
    if (headEnd < 0) return false;
    const length = Number(/Content-Length: (\d+)/.exec(this.#received.toString('latin1', 0, headEnd))?.[1]);
    const end = headEnd + 4 + length;
    if (this.#received.length < end) return false;
    const message = JSON.parse(this.#received.toString('utf8', headEnd + 4, end)) as Message;
    this.#received = this.#received.subarray(end);
    if (message['type'] === 'response') this.#dialogue.answered(Number(message['request_seq']), message);
    if (message['type'] === 'event')
      this.#dialogue.happened(String(message['event']), (message['body'] ?? {}) as Message);
    return true;
  }
}
