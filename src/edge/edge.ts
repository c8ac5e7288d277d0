import type { RequestListener, Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../base/index.ts';
import { invariant } from '../base/index.ts';
import { UnreadAnswers } from './http/unread-answers.ts';
import { InFlight } from './in-flight.ts';
import { InvokeLane } from './lane/invoke-lane.ts';
import { EnvironmentConnections, type EnvironmentOrigin } from './origin.ts';
import { RequestHandler, type RequestHandlerNeeds } from './request-handler.ts';
import { type EdgeLimits, edgeLimits } from './limits.ts';

/** An import would also load what `node:http` re-exports of undici: 24 ms and 13 MiB at each start. */
const { createServer } = process.getBuiltinModule('node:http');

export interface EdgeOptions
  extends Omit<
    RequestHandlerNeeds,
    'limits' | 'originOf' | 'inFlight' | 'unread' | 'invokeModel' | 'streamModel'
  > {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** For the drain; wall time. */
  readonly clock: Clock;
  readonly limits?: Partial<EdgeLimits>;
}

/** The one listener: AWS APIs, downloads, health, control routes. */
export interface Edge {
  /** Resolves with the port once connections are accepted. */
  listen(): Promise<number>;
  /**
   * Serves a connection that came out of an environment: the same APIs, but never the control routes. `origin` is one
   * object for each environment.
   */
  acceptFromEnvironment(socket: Socket, origin: EnvironmentOrigin): void;
  /** Requests answered so far, and those that are being answered. */
  readonly requests: { readonly served: number; readonly inFlight: number };
  /** Stops accepting, finishes what is being answered (as long as `drainMs`), then closes every connection. Idempotent. */
  close(): Promise<void>;
}

export function createEdge(options: EdgeOptions): Edge {
  const limits = { ...edgeLimits, ...options.limits };
  const environments = new EnvironmentConnections(limits, options.clock);
  const lambda = options.api.services.get('lambda');
  const invokeModel = lambda?.operation('Invoke');
  const streamModel = lambda?.operation('InvokeWithResponseStream');
  invariant(invokeModel && streamModel, 'the API has no Lambda');
  const { unreadAnswerBytes: total, environmentUnreadBytes: environment, unreadStallMs: stallMs } = limits;
  const inFlight = new InFlight();
  const unread = new UnreadAnswers({ total, environment, stallMs });
  const shared = { ...options, limits, inFlight, unread };
  const originOf: RequestHandlerNeeds['originOf'] = (socket) => environments.originOf(socket);
  const handler = new RequestHandler({ ...shared, invokeModel, streamModel, originOf });
  const server = createListener(limits, (request, response) => {
    if (environments.takeTurn(request.socket, response)) handler.serve(request, response);
  });
  const serveHttp = takeConnections(server, (socket) => lane.accept(socket));
  const lane = new InvokeLane({ ...shared, model: invokeModel, environments, serveHttp });
  let closing: Promise<void> | undefined;
  return {
    listen: () => listen(server, options),
    acceptFromEnvironment: (socket, origin) => {
      if (environments.admit(socket, origin)) server.emit('connection', socket);
    },
    get requests() {
      return inFlight.counts;
    },
    close: () => {
      closing ??= drain({ server, lane, inFlight, clock: options.clock, drainMs: limits.drainMs });
      return closing;
    },
  };
}

function createListener(limits: EdgeLimits, serve: RequestListener): Server {
  const server = createServer(
    {
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      headersTimeout: limits.headTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      connectionsCheckingInterval: limits.timeoutCheckMs,
      maxHeaderSize: limits.headBytes,
      noDelay: true,
    },
    serve,
  );
  server.maxConnections = limits.connections;
  server.on('clientError', answerBrokenRequest);
  return server;
}

function listen(server: Server, { host, port }: EdgeOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** Every new connection goes to `accept` instead; what this gives back serves one by `node:http` after all. */
function takeConnections(server: Server, accept: (socket: Socket) => void): (socket: Socket) => void {
  const served = server.listeners('connection');
  server.removeAllListeners('connection');
  server.on('connection', accept);
  return (socket) => {
    for (const listener of served) listener.call(server, socket);
  };
}

interface Draining {
  readonly server: Server;
  readonly lane: InvokeLane;
  readonly inFlight: InFlight;
  readonly clock: Clock;
  readonly drainMs: number;
}

async function drain({ server, lane, inFlight, clock, drainMs }: Draining): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  const late = new Promise<void>((resolve) => {
    clock.setTimer(drainMs, resolve);
  });
  const drained = inFlight.drain();
  lane.drain();
  await Promise.race([drained, late]);
  lane.close();
  server.closeAllConnections();
  await closed;
}

const brokenRequests: Readonly<Record<string, readonly [number, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout'],
};

/** What is no HTTP, too long or too slow is answered in AWS's shape and hung up on. */
function answerBrokenRequest(error: Error & { code?: string }, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, reason] = brokenRequests[error.code ?? ''] ?? [400, 'Bad Request'];
  const body = JSON.stringify({ message: reason });
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}
