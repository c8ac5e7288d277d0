import { closeSync } from 'node:fs';
import { once } from 'node:events';
import type { Socket as DatagramSocket } from 'node:dgram';
import { createServer, type Socket } from 'node:net';
import type { Clock } from '../../base/index.ts';
import type { SandboxDatagramListener, SandboxListener } from '../sandbox.ts';
import { openDatagrams } from './datagrams.ts';
import type { NetworkSyscalls } from './syscalls.ts';

/** A function could open connections until Hearth has no descriptor left; the runtimes' clients need a handful. */
const MOST_CONNECTIONS = 256;

/** Stops listening and ends every connection at once. */
export type CloseListener = () => void;

/** Opens all listeners on their bound sockets, or none. Takes the descriptors over. */
export async function openListeners(
  bound: readonly number[],
  listeners: readonly (SandboxListener | SandboxDatagramListener)[],
  parts: { readonly clock: Clock; readonly syscalls: NetworkSyscalls },
): Promise<CloseListener[]> {
  const opening = listeners.map((listener, index) => {
    const fd = bound[index] ?? -1;
    if (listener.transport === undefined) return openListener(fd, listener.onConnection);
    return openDatagramsOf(fd, listener, parts);
  });
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

/** Listens on copies of the descriptor, which is kept until the end: each pause of a flood closes one. */
async function openDatagramsOf(
  fd: number,
  { onDatagram }: SandboxDatagramListener,
  { clock, syscalls }: { readonly clock: Clock; readonly syscalls: NetworkSyscalls },
): Promise<CloseListener> {
  try {
    const bind = (socket: DatagramSocket): void => void socket.bind({ fd: syscalls.duplicate(fd) });
    const close = await openDatagrams({ clock, onDatagram, bind });
    return () => {
      close();
      closeSync(fd);
    };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}
