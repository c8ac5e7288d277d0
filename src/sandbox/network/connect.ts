import { once } from 'node:events';
import { Socket } from 'node:net';

/**
 * Connects to a port of 127.0.0.1: this machine's, or that of the network namespace in which the socket `fd` was opened
 * (it belongs there for good, wherever it is used). Takes the descriptor over.
 */
export async function connectToLoopback(port: number, fd?: number): Promise<Socket> {
  const socket = new Socket(fd === undefined ? {} : { fd, readable: true, writable: true });
  socket.setNoDelay(true);
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}
