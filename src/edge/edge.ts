import type { RequestListener, Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../base/index.ts';
import { EnvironmentConnections, type EnvironmentOrigin } from './origin.ts';
import { RequestHandler, type RequestHandlerNeeds } from './request-handler.ts';
import { type EdgeLimits, edgeLimits } from './limits.ts';

/** An import would also load what `node:http` re-exports of undici: 24 ms and 13 MiB at each start. */
const { createServer } = process.getBuiltinModule('node:http');

export interface EdgeOptions extends Omit<RequestHandlerNeeds, 'limits' | 'originOf'> {
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
  const handler = new RequestHandler({
    ...options,
    limits,
    originOf: (socket) => environments.originOf(socket),
  });
  const server = createListener(limits, (request, response) => {
    if (environments.takeTurn(request.socket, response)) handler.serve(request, response);
  });
  let closing: Promise<void> | undefined;
  return {
    listen: () => listen(server, options),
    acceptFromEnvironment: (socket, origin) => {
      if (environments.admit(socket, origin)) server.emit('connection', socket);
    },
    get requests() {
      return handler.requests;
    },
    close: () => {
      closing ??= drain(server, handler, { clock: options.clock, drainMs: limits.drainMs });
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

async function drain(
  server: Server,
  handler: RequestHandler,
  { clock, drainMs }: { readonly clock: Clock; readonly drainMs: number },
): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  const late = new Promise<void>((resolve) => {
    clock.setTimer(drainMs, resolve);
  });
  await Promise.race([handler.drained(), late]);
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
