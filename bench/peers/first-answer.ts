import { connect } from 'node:net';

/** Milliseconds from connecting until the first bytes of the answer, which must have status 200. */
export function timeFirstAnswer(port: number, request: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const startedMs = performance.now();
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    socket.setNoDelay(true);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the connection ended before there was an answer')));
    socket.once('data', (answer: Buffer) => {
      const tookMs = performance.now() - startedMs;
      const [line = ''] = answer.toString('latin1').split('\r\n');
      if (line.includes(' 200 ')) resolve(tookMs);
      else reject(new Error(line));
      socket.destroy();
    });
  });
}
