import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { SandboxListener } from '../sandbox.ts';

/** A function could open connections until Hearth has no descriptor left; the runtimes' clients need a handful. */
const MOST_CONNECTIONS = 256;

/** A listener that is open. */
export interface OpenListener {
  /** Stops listening and ends every connection at once. */
  close(): void;
}

/**
 * Listens on a bound socket and hands each connection over. One connection more than 256 is closed at once.
 * Takes the descriptor over, also when it rejects.
 */
export async function openListener(bound: number, listener: SandboxListener): Promise<OpenListener> {
  const connections = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
    listener.onConnection(socket);
  });
  server.maxConnections = MOST_CONNECTIONS;
  server.listen({ fd: bound });
  await once(server, 'listening');
  return {
    close() {
      server.close();
      for (const socket of connections) socket.destroy();
    },
  };
}
