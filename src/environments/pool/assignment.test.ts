import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { assignmentRequested, encodeAssignment } from './assignment.ts';

const REQUEST = 'GET /hearth/assignment HTTP/1.1\r\nHost: runtime\r\n\r\n';

let folder: string;
let server: Server;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearth-assignment-'));
  server = createServer().listen(join(folder, 'socket'));
});
afterEach(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

/** A bootstrap, and the server's end of its connection. */
async function connected(): Promise<readonly [Socket, Socket]> {
  const bootstrap = connect(join(folder, 'socket'));
  const [socket] = (await once(server, 'connection')) as [Socket];
  return [bootstrap, socket];
}

test('a bootstrap that asks, in however many pieces, is given variables and folder in order', async () => {
  const [bootstrap, socket] = await connected();
  const asked = assignmentRequested(socket);
  for (const piece of [REQUEST.slice(0, 9), REQUEST.slice(9)]) {
    bootstrap.write(piece);
    await once(socket, 'data');
  }
  await asked;
  socket.end(encodeAssignment({ command: ['x'], env: { B: 'ü\n', A: '' }, cwd: '/var/task' }));
  const [head, body] = (await text(bootstrap)).split('\r\n\r\n');
  expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n.*Content-Length: 54$/s);
  expect(body).toBe('{"variables":{"B":"ü\\n","A":""},"folder":"/var/task"}');
});

test('whoever says anything else is no bootstrap of ours', async () => {
  for (const words of ['GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n', `${REQUEST}more`]) {
    const [bootstrap, socket] = await connected();
    const asked = assignmentRequested(socket);
    bootstrap.end(words);
    await expect(asked).rejects.toThrow('not our bootstrap');
    socket.destroy();
  }
});

test('a bootstrap that goes before it asked is given up, one that goes after is not complained of', async () => {
  const [early, first] = await connected();
  const asked = assignmentRequested(first);
  early.destroy();
  first.destroy();
  await expect(asked).rejects.toThrow('went before it asked');
  const [late, second] = await connected();
  late.write(REQUEST);
  await assignmentRequested(second);
  late.destroy();
  second.destroy(new Error('reset'));
  await new Promise((resolve) => second.once('close', resolve));
});
