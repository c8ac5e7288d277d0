import { chmodSync, chownSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';

/** Connections to the runtime socket at once; a bootstrap needs two. */
const MAX_CONNECTIONS = 64;

export interface RuntimeSocket {
  close(): void;
}

/** Listens on a Unix socket that only `uid` may connect to; `listen` binds before it returns. */
export function listenOnRuntimeSocket(
  path: string,
  uid: number,
  onConnection: (socket: Socket) => void,
): RuntimeSocket {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    onConnection(socket);
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.listen(path);
  chownSync(path, uid, uid);
  chmodSync(path, 0o600);
  return {
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
