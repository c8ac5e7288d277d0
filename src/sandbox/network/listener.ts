import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { SandboxListener } from '../sandbox.ts';

/** A function could open connections until Hearth has no descriptor left; the runtimes' clients need a handful. */
const MOST_CONNECTIONS = 256;

/** Stops listening and ends every connection at once. */
export type CloseListener = () => void;

/** Opens all listeners on their bound sockets, or none. Takes the descriptors over. */
export async function openListeners(
  bound: readonly number[],
  listeners: readonly SandboxListener[],
): Promise<CloseListener[]> {
  const opening = listeners.map(({ onConnection }, index) => openListener(bound[index] ?? -1, onConnection));
  const results = await Promise.allSettled(opening);
  const failed = results.find((result) => result.status === 'rejected');
  const opened = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  if (!failed) return opened;
  for (const close of opened) close();
  throw failed.reason;
}

/** Hands each connection over. One connection more than 256 is closed at once. Takes the descriptor over. */
export async function openListener(
  bound: number,
  onConnection: (socket: Socket) => void,
): Promise<CloseListener> {
  const connections = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
    // Whoever is inside may reset a connection at any time; an error that nobody listens to would end the server.
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  server.maxConnections = MOST_CONNECTIONS;
  server.listen({ fd: bound });
  await once(server, 'listening');
  return () => {
    server.close();
    for (const socket of connections) socket.destroy();
  };
}
