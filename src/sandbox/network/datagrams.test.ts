import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { ManualClock } from '../../base/index.ts';
import { openDatagrams } from './datagrams.ts';

async function listening(clock: ManualClock) {
  const received: string[] = [];
  let port = 0;
  const close = await openDatagrams({
    clock,
    bind: (socket) => socket.bind(port, '127.0.0.1'),
    onDatagram: (datagram) => received.push(datagram.toString()),
  });
  port = close.port();
  const sender = createSocket('udp4');
  sender.on('error', () => undefined);
  sender.connect(port, '127.0.0.1');
  await once(sender, 'connect');
  onTestFinished(() => {
    close();
    sender.close();
  });
  const send = (text: string | Buffer): Promise<void> =>
    new Promise((resolve) => sender.send(text, () => resolve()));
  return { received, send };
}

test('no more than a thousand datagrams a second are read, and reading goes on in the next', async () => {
  const clock = new ManualClock();
  const { received, send } = await listening(clock);
  for (let round = 1; round <= 10; round++) {
    for (let sent = 0; sent < 100; sent++) await send(`${round}`);
    await expect.poll(() => received.length).toBe(round * 100);
  }
  for (let more = 0; more < 100; more++) await send('too much');
  clock.advance(999);
  await send('too much');
  expect(received).toHaveLength(1_000);
  clock.advance(1);
  await expect
    .poll(async () => {
      await send('again');
      return received.at(-1);
    })
    .toBe('again');
  expect(received).not.toContain('too much');
});

test('no more than four mebibytes a second are read', async () => {
  const clock = new ManualClock();
  const { received, send } = await listening(clock);
  const large = Buffer.alloc(65_000, 'x');
  for (let round = 0; round < 70; round++) {
    await send(large);
    await expect.poll(() => received.length, { interval: 1 }).toBe(Math.min(round + 1, 65));
  }
  expect(received).toHaveLength(65);
});
