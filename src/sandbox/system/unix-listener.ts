import { chmodSync, chownSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';

/** Connections of one sandbox to one listener at once; a bootstrap needs two. */
const MAX_CONNECTIONS = 64;

export interface ClosableListener {
  /** Stops listening and ends every connection. */
  close(): void;
}

/** Listens on a Unix socket that only `uid` and root may connect to. The socket exists when this returns. */
export function listenOnUnixSocket(
  path: string,
  uid: number | undefined,
  onConnection: (socket: Socket) => void,
): ClosableListener {
  const { server, listener } = trackingServer(onConnection);
  server.listen(path);
  if (uid !== undefined) chownSync(path, uid, uid);
  chmodSync(path, 0o600);
  return listener;
}

/** A server that knows its connections, so that closing it ends them. */
export function trackingServer(onConnection: (socket: Socket) => void): {
  readonly server: Server;
  readonly listener: ClosableListener;
} {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    onConnection(socket);
  });
  server.maxConnections = MAX_CONNECTIONS;
  const close = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { server, listener: { close } };
}
