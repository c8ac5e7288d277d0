import type { Socket } from 'node:net';
import type { SandboxProgram } from '../../sandbox/index.ts';

/** What a bootstrap without a function asks, once, before any call of the Runtime API. */
const REQUEST = Buffer.from('GET /hearth/assignment HTTP/1.1\r\nHost: runtime\r\n\r\n');

/**
 * Resolves when the bootstrap at the other end has asked for its function; rejects when it says anything else or goes. The
 * socket is its taker's then; errors on it are ignored for good.
 */
export function assignmentRequested(socket: Socket): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let received = Buffer.alloc(0);
  const onData = (chunk: Buffer): void => {
    received = Buffer.concat([received, chunk]);
    if (received.equals(REQUEST)) resolve();
    else if (!REQUEST.subarray(0, received.length).equals(received)) reject(new Error('not our bootstrap'));
  };
  const onGone = (): void => reject(new Error('the bootstrap went before it asked for its function'));
  socket.on('error', () => undefined);
  socket.on('data', onData).on('close', onGone);
  return promise.finally(() => socket.off('data', onData).off('close', onGone));
}

/** The answer: all variables of the process to be, in order, and its working folder. */
export function encodeAssignment({ env, cwd }: SandboxProgram): Buffer {
  const body = Buffer.from(JSON.stringify({ variables: env, folder: cwd }));
  const head = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}
