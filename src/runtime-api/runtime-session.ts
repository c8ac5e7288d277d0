import type { Socket } from 'node:net';
import { invariant } from '../base/index.ts';
import { limits } from '../model/index.ts';
import {
  BodyBudget,
  type BodyStream,
  errorReply,
  HttpConnection,
  type HttpLimits,
  type HttpRequest,
  jsonReply,
  type RequestHead,
  textReply,
} from './http/index.ts';
import { normalErrorType } from './error-type.ts';
import { RestoreApi, type RestoreRole } from './restore/restore-api.ts';
import { matchRoute } from './routes.ts';
import { encodeInvocation, type RuntimeInvocation } from './runtime-event.ts';
import { nextState, type RuntimeEvent, type RuntimeState, refusalText } from './runtime-states.ts';
import type { ResponseReader } from './streaming/response-reader.ts';
import { ResponseStreaming, type StreamAnswer } from './streaming/response-streaming.ts';
import { trailerError } from './streaming/trailer-error.ts';

/** What the runtime made of the invocation that it was given. */
export type RuntimeAnswer =
  | { readonly kind: 'response'; readonly payload: Buffer; readonly contentType: string | undefined }
  | {
      readonly kind: 'error';
      readonly payload: Buffer;
      readonly contentType: string | undefined;
      readonly errorType: string;
    }
  | StreamAnswer
  | { readonly kind: 'refused'; readonly reason: AnswerRefusal };

/** Answers that AWS does not pass on. */
export type AnswerRefusal = 'too-large' | 'stream-too-large' | 'truncated' | 'invalid-mode';

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
  /** SnapStart: the runtime waits to be restored (again). */
  restoreAwaited?(): void;
  /** SnapStart: the runtime goes on from its snapshot, and runs its hooks. */
  restoring?(): void;
}

/** Further APIs on the same connections. */
export interface SessionExtras {
  /** Answers the request, now or later; false where it is none of its own. */
  handle(request: HttpRequest, connection: HttpConnection): boolean;
  disconnected(connection: HttpConnection): void;
}

export interface RuntimeSessionLimits {
  readonly http: HttpLimits;
  /** More connections than this at a time are cut at once. */
  readonly connections: number;
  /** Of all request bodies on their way, together; a body past it is refused as too large. */
  readonly bodiesBytes: number;
  /** Of one streamed response. */
  readonly streamBytes: number;
}

export const runtimeSessionLimits: RuntimeSessionLimits = {
  http: { headBytes: 65_536, headers: 100, bodyBytes: 6_291_556, discardBytes: 67_108_864 },
  // Ten extensions may hold two each.
  connections: 32,
  bodiesBytes: 16_777_216,
  streamBytes: limits.streamedResponseBytes,
};

const ACCEPTED = jsonReply(202, { status: 'OK' });
const PONG = textReply(200, 'text/plain; charset=utf-8', 'pong');
const INVALID_REQUEST_ID = errorReply(400, 'InvalidRequestID', 'Invalid request ID');
const INVALID_INVOCATION_ID = errorReply(400, 'InvalidInvocationId', 'Invalid invocation ID');
const INVALID_MODE = errorReply(400, 'InvalidFunctionResponseMode', 'Invalid function response mode');
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
  readonly #streamTooLarge: string;
  readonly #streaming: ResponseStreaming;
  readonly #extras: SessionExtras | undefined;
  readonly #connections = new Set<HttpConnection>();
  readonly #waiting = new Set<HttpConnection>();
  #state: RuntimeState = 'Started';
  #current: RuntimeInvocation | undefined;
  #undelivered: RuntimeInvocation | undefined;
  readonly #restore: RestoreApi | undefined;
  #closed = false;

  /** With `restore` where Init ends with a snapshot; without it there are no such calls. */
  constructor(
    observer: RuntimeObserver,
    limits = runtimeSessionLimits,
    extras?: SessionExtras,
    restore?: RestoreRole,
  ) {
    this.#observer = observer;
    this.#extras = extras;
    if (restore) {
      this.#restore = new RestoreApi(restore, {
        tryMove: (event, connection) => this.#tryMove(event, connection),
        awaited: () => observer.restoreAwaited?.(),
        restoring: () => observer.restoring?.(),
        failed: (request) => observer.initFailed({ payload: request.body, errorType: errorTypeOf(request) }),
      });
    }
    this.#limits = limits;
    this.#budget = new BodyBudget(limits.bodiesBytes);
    this.#tooLarge = tooLarge(limits.http.bodyBytes);
    this.#streamTooLarge = tooLarge(limits.streamBytes);
    this.#streaming = new ResponseStreaming(limits);
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
          stream: (head, connection) => this.#streamOf(head, connection),
          closed: (connection, unfinished) => this.#disconnected(connection, unfinished),
        },
        { limits: this.#limits.http, budget: this.#budget },
      ),
    );
  }

  /**
   * Gives the runtime, which is Ready, an invocation. It waits if the runtime's question was cut off meanwhile. A streamed
   * response goes to `reader` as it comes.
   */
  deliver(invocation: RuntimeInvocation, reader?: ResponseReader): void {
    this.#move('deliver');
    this.#current = invocation;
    this.#streaming.readBy(reader);
    this.#undelivered = invocation;
    this.#sendUndelivered();
  }

  /** Lets a runtime that waits to be restored go on; one that asks later goes on then. */
  letRestore(): void {
    this.#restore?.letOne();
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
        if (request.streamed) return this.#streamEnded(request, connection);
        return this.#answer('response', { requestId: route.requestId, request, connection });
      case 'error':
        return this.#answer(route.kind, { requestId: route.requestId, request, connection });
      case 'init-error':
        return this.#initError(request, connection);
      case 'restore-next':
      case 'restore-error':
      case 'credentials':
        if (!this.#restore) return connection.reply([NOT_FOUND]);
        return this.#restore.handle(route.kind, request, connection);
      case 'ping':
        return connection.reply([PONG]);
      case 'not-implemented':
        return connection.reply([
          errorReply(501, 'NotImplemented', `Hearth does not implement ${route.api}.`),
        ]);
      case 'not-found':
        if (!this.#extras?.handle(request, connection)) connection.reply([NOT_FOUND]);
        return;
      case 'method-not-allowed':
        return connection.reply([METHOD]);
    }
  }

  #next(connection: HttpConnection): void {
    if (this.#undelivered) return this.#nextAfterCut(connection);
    const repeated = this.#state === 'Ready';
    if (!this.#tryMove('next', connection)) return;
    this.#waiting.add(connection);
    if (this.#streaming.takeCut()) this.#observer.answered({ kind: 'refused', reason: 'truncated' });
    if (!repeated) this.#observer.ready();
  }

  /** The connection that asked was gone when the invocation came; whoever asks first after that gets it. */
  #nextAfterCut(connection: HttpConnection): void {
    this.#waiting.add(connection);
    this.#sendUndelivered();
  }

  #answer(event: 'response' | 'error', call: AnswerCall): void {
    const refusal = this.#wrongInvocation(call.requestId, call.request.head);
    if (refusal) return call.connection.reply([refusal]);
    if (!this.#tryMove(event, call.connection)) return;
    const { answer, reply } = this.#judge(event, call.request);
    this.#move('response-sent');
    call.connection.reply([reply], { hold: true });
    this.#observer.answered(answer);
  }

  #wrongInvocation(requestId: string, head: RequestHead): string | undefined {
    if (this.#current === undefined || requestId !== this.#current.requestId) return INVALID_REQUEST_ID;
    const invocationId = head.headers.get('lambda-runtime-invocation-id');
    const matches = invocationId === undefined || invocationId === this.#current.invocationId;
    return matches ? undefined : INVALID_INVOCATION_ID;
  }

  #judge(event: 'response' | 'error', request: HttpRequest): { answer: RuntimeAnswer; reply: string } {
    const { headers } = request.head;
    const mode = event === 'response' ? headers.get(RESPONSE_MODE) : undefined;
    if (mode !== undefined && mode !== 'streaming')
      return { answer: { kind: 'refused', reason: 'invalid-mode' }, reply: INVALID_MODE };
    if (request.oversized) return { answer: { kind: 'refused', reason: 'too-large' }, reply: this.#tooLarge };
    const failure = mode === undefined ? undefined : trailerError(request);
    if (failure) {
      const errorType = normalErrorType(failure.errorType);
      const { payload } = failure;
      return { answer: { kind: 'error', payload, contentType: undefined, errorType }, reply: ACCEPTED };
    }
    const answered = { payload: request.body, contentType: headers.get('content-type') };
    if (event === 'response') {
      const { payload, contentType } = answered;
      return { answer: { kind: 'response', payload, contentType }, reply: ACCEPTED };
    }
    return { answer: { kind: 'error', ...answered, errorType: errorTypeOf(request) }, reply: ACCEPTED };
  }

  /** The body of a streamed response is passed on where somebody reads it so; everything else is collected. */
  #streamOf(head: RequestHead, connection: HttpConnection): BodyStream | undefined {
    if (!this.#streaming.hasReader || this.#state !== 'Running') return undefined;
    if (head.headers.get(RESPONSE_MODE) !== 'streaming') return undefined;
    const route = matchRoute(head.method, head.target);
    if (route.kind !== 'response' || this.#wrongInvocation(route.requestId, head)) return undefined;
    this.#move('response');
    return this.#streaming.begin(head, {
      resume: () => connection.resume(),
      overflowed: () => this.#observer.answered({ kind: 'refused', reason: 'stream-too-large' }),
    });
  }

  #streamEnded(request: HttpRequest, connection: HttpConnection): void {
    const answer = this.#streaming.end(request);
    this.#move('response-sent');
    connection.reply([answer ? ACCEPTED : this.#streamTooLarge], { hold: true });
    if (answer) this.#observer.answered(answer);
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
    this.#extras?.disconnected(connection);
    this.#restore?.disconnected(connection);
    if (this.#closed || !unfinished) return;
    if (this.#streaming.cutOff(unfinished)) this.#move('response-sent');
    else this.#truncated(unfinished);
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

const RESPONSE_MODE = 'lambda-runtime-function-response-mode';

function tooLarge(bytes: number): string {
  const text = `Exceeded maximum allowed payload size (${bytes} bytes).`;
  return errorReply(413, 'RequestEntityTooLarge', text);
}

function errorTypeOf(request: HttpRequest): string {
  return normalErrorType(request.head.headers.get('lambda-runtime-function-error-type') ?? '');
}
