import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { functionVersion } from '../../tests/support/runtime-versions.ts';
import { ManualClock, randomIds } from '../base/index.ts';
import type { LogSink } from '../telemetry/index.ts';
import { EnvironmentLog } from './environment-log.ts';

const textFrame = 0xa5_5a_00_03;

function frame(epochMs: number, message: string): Buffer {
  const body = Buffer.from(message);
  const head = Buffer.alloc(16);
  head.writeUInt32BE(textFrame, 0);
  head.writeUInt32BE(body.length, 4);
  head.writeBigInt64BE(BigInt(Math.round(epochMs * 1_000)), 8);
  return Buffer.concat([head, body]);
}

test('events are as late as they came: not before START, not in the future, in whole milliseconds', async () => {
  const clock = new ManualClock(5_000);
  const seen: [number, string][] = [];
  const sink: LogSink = {
    openStream: () => ({
      append(timestampMs, message) {
        seen.push([timestampMs, message]);
        return true;
      },
    }),
    drained: () => Promise.resolve(),
  };
  const log = new EnvironmentLog(functionVersion({}), { clock, ids: randomIds, sink });
  const output = { stdout: new PassThrough(), stderr: new PassThrough(), log: new PassThrough() };
  log.follow(output);
  log.append(5_000, 'START');
  clock.advance(10);
  const frames = [frame(4_999.2, 'early'), frame(5_003.7, 'in time'), frame(9e9, 'from the future')];
  output.log.end(Buffer.concat(frames));
  await once(output.log, 'close');
  log.append(5_010, 'END');
  expect(seen).toEqual([
    [5_000, 'START'],
    [5_000, 'early'],
    [5_003, 'in time'],
    [5_010, 'from the future'],
    [5_010, 'END'],
  ]);
});
