import type { Socket } from 'node:net';
import { invariant } from '../base/index.ts';
import {
  BodyBudget,
  errorReply,
  HttpConnection,
  type HttpLimits,
  type HttpRequest,
  jsonReply,
  type RequestHead,
  textReply,
} from './http/index.ts';
import { matchRoute } from './routes.ts';
import { encodeInvocation, type RuntimeInvocation } from './runtime-event.ts';
import { nextState, type RuntimeEvent, type RuntimeState, refusalText } from './runtime-states.ts';

/** What the runtime made of the invocation that it was given. */
export type RuntimeAnswer =
  | { readonly kind: 'response'; readonly payload: Buffer; readonly contentType: string | undefined }
  | {
      readonly kind: 'error';
      readonly payload: Buffer;
      readonly contentType: string | undefined;
      readonly errorType: string;
    }
  | { readonly kind: 'refused'; readonly reason: AnswerRefusal };

/** Answers that AWS does not pass on, and one that Hearth cannot yet. */
export type AnswerRefusal = 'too-large' | 'truncated' | 'invalid-mode' | 'streaming';

export interface InitError {
  readonly payload: Buffer;
  readonly errorType: string;
}

/** Told what the runtime does, synchronously, in the order in which it does it. */
export interface RuntimeObserver {
  /** The runtime asks for work: Init, or the invocation before, is over. Not told of a repeated question. */
  ready(): void;
  answered(answer: RuntimeAnswer): void;
  initFailed(error: InitError): void;
}

export interface RuntimeSessionLimits {
  readonly http: HttpLimits;
  /** More connections than this at a time are cut at once. */
  readonly connections: number;
  /** Of all request bodies on their way, together; a body past it is refused as too large. */
  readonly bodiesBytes: number;
}

export const runtimeSessionLimits: RuntimeSessionLimits = {
  http: { headBytes: 65_536, headers: 100, bodyBytes: 6_291_556, discardBytes: 67_108_864 },
  connections: 16,
  bodiesBytes: 16_777_216,
};

const ACCEPTED = jsonReply(202, { status: 'OK' });
const PONG = textReply(200, 'text/plain; charset=utf-8', 'pong');
const INVALID_REQUEST_ID = errorReply(400, 'InvalidRequestID', 'Invalid request ID');
const INVALID_INVOCATION_ID = errorReply(400, 'InvalidInvocationId', 'Invalid invocation ID');
const INVALID_MODE = errorReply(400, 'InvalidFunctionResponseMode', 'Invalid function response mode');
const STREAMING = errorReply(501, 'NotImplemented', 'Hearth does not implement streaming responses.');
const NOT_FOUND = errorReply(404, 'NotFound', 'There is no such call in the Runtime API');
const METHOD = errorReply(405, 'MethodNotAllowed', 'The Runtime API does not know this method here');

/**
 * The Runtime API (version 2018-06-01) as one process started in one environment sees it: any number of its connections,
 * one state. Whatever comes in is untrusted; it can spoil nothing but its own session.
 */
export class RuntimeSession {
  readonly #observer: RuntimeObserver;
  readonly #limits: RuntimeSessionLimits;
  readonly #budget: BodyBudget;
  readonly #tooLarge: string;
  readonly #connections = new Set<HttpConnection>();
  readonly #waiting = new Set<HttpConnection>();
  #state: RuntimeState = 'Started';
  #current: RuntimeInvocation | undefined;
  #undelivered: RuntimeInvocation | undefined;
  #closed = false;

  constructor(observer: RuntimeObserver, limits = runtimeSessionLimits) {
    this.#observer = observer;
    this.#limits = limits;
    this.#budget = new BodyBudget(limits.bodiesBytes);
    this.#tooLarge = errorReply(
      413,
      'RequestEntityTooLarge',
      `Exceeded maximum allowed payload size (${limits.http.bodyBytes} bytes).`,
    );
  }

  get state(): RuntimeState {
    return this.#state;
  }

  /** Takes a connection that was made from inside the environment. */
  attach(socket: Socket): void {
    if (this.#closed || this.#connections.size >= this.#limits.connections) {
      socket.on('error', () => socket.destroy());
      socket.destroy();
      return;
    }
    this.#connections.add(
      new HttpConnection(
        socket,
        {
          request: (request, connection) => this.#handle(request, connection),
          closed: (connection, unfinished) => this.#disconnected(connection, unfinished),
        },
        { limits: this.#limits.http, budget: this.#budget },
      ),
    );
  }

  /** Gives the runtime, which is Ready, an invocation. It waits if the runtime's question was cut off meanwhile. */
  deliver(invocation: RuntimeInvocation): void {
    this.#move('deliver');
    this.#current = invocation;
    this.#undelivered = invocation;
    this.#sendUndelivered();
  }

  /** Sends answers that were held back to travel with the next event: before a freeze, for one. */
  flush(): void {
    for (const connection of this.#connections) connection.flush();
  }

  /** Cuts every connection. The observer hears nothing more. */
  close(): void {
    this.#closed = true;
    for (const connection of this.#connections) connection.destroy();
  }

  #handle(request: HttpRequest, connection: HttpConnection): void {
    const route = matchRoute(request.head.method, request.head.target);
    switch (route.kind) {
      case 'next':
        return this.#next(connection);
      case 'response':
      case 'error':
        return this.#answer(route.kind, { requestId: route.requestId, request, connection });
      case 'init-error':
        return this.#initError(request, connection);
      case 'ping':
        return connection.reply([PONG]);
      case 'not-implemented':
        return connection.reply([
          errorReply(501, 'NotImplemented', `Hearth does not implement ${route.api}.`),
        ]);
      case 'not-found':
        return connection.reply([NOT_FOUND]);
      case 'method-not-allowed':
        return connection.reply([METHOD]);
    }
  }

  #next(connection: HttpConnection): void {
    if (this.#undelivered) return this.#nextAfterCut(connection);
    const repeated = this.#state === 'Ready';
    if (!this.#tryMove('next', connection)) return;
    this.#waiting.add(connection);
    if (!repeated) this.#observer.ready();
  }

  /** The connection that asked was gone when the invocation came; whoever asks first after that gets it. */
  #nextAfterCut(connection: HttpConnection): void {
    this.#waiting.add(connection);
    this.#sendUndelivered();
  }

  #answer(event: 'response' | 'error', call: AnswerCall): void {
    const refusal = this.#wrongInvocation(call);
    if (refusal) return call.connection.reply([refusal]);
    if (!this.#tryMove(event, call.connection)) return;
    const { answer, reply } = this.#judge(event, call.request);
    this.#move('response-sent');
    call.connection.reply([reply], { hold: true });
    this.#observer.answered(answer);
  }

  #wrongInvocation({ requestId, request }: AnswerCall): string | undefined {
    if (this.#current === undefined || requestId !== this.#current.requestId) return INVALID_REQUEST_ID;
    const invocationId = request.head.headers.get('lambda-runtime-invocation-id');
    const matches = invocationId === undefined || invocationId === this.#current.invocationId;
    return matches ? undefined : INVALID_INVOCATION_ID;
  }

  #judge(event: 'response' | 'error', request: HttpRequest): { answer: RuntimeAnswer; reply: string } {
    const { headers } = request.head;
    const mode = event === 'response' ? headers.get('lambda-runtime-function-response-mode') : undefined;
    if (mode === 'streaming') return { answer: { kind: 'refused', reason: 'streaming' }, reply: STREAMING };
    if (mode !== undefined)
      return { answer: { kind: 'refused', reason: 'invalid-mode' }, reply: INVALID_MODE };
    if (request.oversized) return { answer: { kind: 'refused', reason: 'too-large' }, reply: this.#tooLarge };
    const answered = { payload: request.body, contentType: headers.get('content-type') };
    if (event === 'response') {
      const { payload, contentType } = answered;
      return { answer: { kind: 'response', payload, contentType }, reply: ACCEPTED };
    }
    return { answer: { kind: 'error', ...answered, errorType: errorTypeOf(request) }, reply: ACCEPTED };
  }

  #initError(request: HttpRequest, connection: HttpConnection): void {
    if (!this.#tryMove('init-error', connection)) return;
    connection.reply([request.oversized ? this.#tooLarge : ACCEPTED]);
    this.#observer.initFailed({ payload: request.body, errorType: errorTypeOf(request) });
  }

  #tryMove(event: RuntimeEvent, connection: HttpConnection): boolean {
    const to = nextState(this.#state, event);
    if (to) this.#state = to;
    else connection.reply([errorReply(403, 'InvalidStateTransition', refusalText(this.#state, event))]);
    return to !== undefined;
  }

  #move(event: RuntimeEvent): void {
    const to = nextState(this.#state, event);
    invariant(to, refusalText(this.#state, event));
    this.#state = to;
  }

  #sendUndelivered(): void {
    const [connection] = this.#waiting;
    if (!this.#undelivered || !connection) return;
    this.#waiting.delete(connection);
    const parts = encodeInvocation(this.#undelivered);
    this.#undelivered = undefined;
    connection.reply(parts);
  }

  #disconnected(connection: HttpConnection, unfinished: RequestHead | undefined): void {
    this.#connections.delete(connection);
    this.#waiting.delete(connection);
    if (!this.#closed && unfinished) this.#truncated(unfinished);
  }

  /** A response that was cut off is an answer too: the caller need not wait for the timeout. */
  #truncated(head: RequestHead): void {
    const route = matchRoute(head.method, head.target);
    if (route.kind !== 'response' || route.requestId !== this.#current?.requestId) return;
    if (this.#state !== 'Running') return;
    this.#move('response');
    this.#move('response-sent');
    this.#observer.answered({ kind: 'refused', reason: 'truncated' });
  }
}

interface AnswerCall {
  readonly requestId: string;
  readonly request: HttpRequest;
  readonly connection: HttpConnection;
}

const ERROR_TYPE = /^(Runtime|Function)\.[A-Z][a-zA-Z]+$/;

/** As AWS normalises it for logs and metrics; the payload keeps whatever the function said. */
function errorTypeOf(request: HttpRequest): string {
  const type = request.head.headers.get('lambda-runtime-function-error-type') ?? '';
  if (ERROR_TYPE.test(type)) return type;
  return type.startsWith('Function.') ? 'Function.Unknown' : 'Runtime.Unknown';
}
