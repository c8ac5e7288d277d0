import { utimesSync, renameSync, cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { remainsOf } from '../../../tests/support/sandbox-remains.ts';
import {
  PoolHarness,
  type PoolHarnessOptions,
  type StartedFunction,
} from '../../../tests/support/pool-harness.ts';
import { ociIsPossible } from '../../sandbox/sandbox.contract.ts';
import { layoutOf } from '../../sandbox/oci/layout.ts';

const possible = await ociIsPossible();
const open: PoolHarness[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((harness) => harness.close()));
});

async function harnessWith(options: PoolHarnessOptions = {}): Promise<PoolHarness> {
  const harness = await PoolHarness.open(options);
  open.push(harness);
  return harness;
}

const NODE = 'let calls = 0; exports.handler = async (event) => [event.say ?? "silent", ++calls];';
const PYTHON = `import os
found = os.listdir('/tmp')
open('/tmp/mine', 'w')
def handler(event, context):
    return ['python', found]
`;
const nodeCode = { files: { 'index.js': NODE } };

function node(harness: PoolHarness, say: string): Promise<StartedFunction> {
  return harness.start({}, { ...nodeCode, event: { say } });
}

function python(harness: PoolHarness): Promise<StartedFunction> {
  return harness.start({ runtime: 'python3.11', handler: 'app.handler' }, { files: { 'app.py': PYTHON } });
}

describe.skipIf(!possible)('a pool of generic environments', () => {
  test('starts empty, learns from a cold start, and serves the next ones without a new sandbox', async () => {
    const harness = await harnessWith();
    expect(harness.pool.status).toEqual({ ready: 0, starting: 0, usedBytes: 0, byRuntime: {} });
    expect((await node(harness, 'one')).payload).toEqual(['one', 1]);
    await harness.ready(1);
    expect([harness.ordinary.length, harness.generics.length]).toEqual([1, 1]);
    expect(harness.pool.status).toMatchObject({ byRuntime: { 'nodejs24.x': 1 } });
    expect(harness.pool.usedBytes).toBeGreaterThan(1_000_000);
    const second = await node(harness, 'two');
    expect(second.payload).toEqual(['two', 1]);
    expect(String(second.outcome.logTail)).toMatch(/Init Duration: /);
    expect(JSON.parse(String(Buffer.from((await second.invoke({})).payload)))).toEqual(['silent', 2]);
    await harness.ready(1);
    expect([harness.ordinary.length, harness.generics.length]).toEqual([1, 2]);
    expect(harness.complaints).toEqual([]);
  });

  test('is told of a deployment, and serves its very first cold start', async () => {
    const harness = await harnessWith();
    await harness.expect({}, nodeCode);
    await harness.expect({}, nodeCode);
    await harness.ready(1);
    expect((await node(harness, 'first')).payload).toEqual(['first', 1]);
    expect(harness.ordinary).toEqual([]);
  });

  test('gives an environment to one function only, and none to another kind of runtime or memory size', async () => {
    const harness = await harnessWith();
    await python(harness);
    await harness.ready(1);
    await node(harness, 'other language');
    await harness.ready(2);
    expect(harness.pool.status.byRuntime).toEqual({ 'python3.11': 1, 'nodejs24.x': 1 });
    const [one, two] = [await python(harness), await python(harness)];
    expect([one.payload, two.payload]).toEqual([
      ['python', []],
      ['python', []],
    ]);
    // Scratch, pool, scratch, pool, pool and one that the pool had not.
    await harness.start({ memoryMiB: 256 }, nodeCode);
    await harness.ready(3);
    expect(harness.pool.status.byRuntime).toEqual({ 'python3.11': 1, 'nodejs24.x': 2 });
  });

  test('sets the memory limit late: a function of 512 MB may use them, one of 128 may not', async () => {
    const harness = await harnessWith();
    const fill = (memoryMiB: number) =>
      harness.start(
        { runtime: 'python3.11', handler: 'app.handler', memoryMiB },
        { files: { 'app.py': 'def handler(event, context):\n    return len(b"x" * (300 << 20))\n' } },
      );
    expect((await fill(512)).payload).toBe(300 << 20);
    await harness.ready(1);
    expect((await fill(128)).payload).toMatchObject({ errorType: 'Runtime.OutOfMemory' });
    await harness.ready(1);
    expect((await fill(1_024)).payload).toBe(300 << 20);
  });

  test('starts over from scratch, with /tmp kept, after the function crashed in an environment of the pool', async () => {
    const harness = await harnessWith();
    await node(harness, 'first');
    await harness.ready(1);
    const crashing = `const fs = require('fs');
      exports.handler = async (event) => {
        if (event.crash) { fs.writeFileSync('/tmp/kept', 'kept'); process.exit(3); }
        return fs.readFileSync('/tmp/kept', 'utf8');
      };`;
    const fn = await harness.start({}, { files: { 'index.js': crashing }, event: { crash: true } });
    expect(fn.payload).toMatchObject({ errorType: 'Runtime.ExitError' });
    expect(String(Buffer.from((await fn.invoke({})).payload))).toBe('"kept"');
  });

  test('launches nothing while invocations need the machine, and nothing beyond the memory it may use', async () => {
    const [busy, room] = [{ now: true }, { now: false }];
    const looks: string[] = [];
    const looked = Promise.withResolvers<void>();
    const harness = await harnessWith({
      isBusy: () => {
        looks.push(`busy ${busy.now}`);
        busy.now = looks.length < 2;
        return busy.now;
      },
      hasRoom: (bytes) => {
        expect(bytes).toBeGreaterThan(1_000_000);
        looks.push(`room ${room.now}`);
        if (!room.now) looked.resolve();
        return room.now;
      },
    });
    await node(harness, 'first');
    await looked.promise;
    expect(harness.generics).toHaveLength(0);
    expect(looks.slice(0, 3)).toEqual(['busy true', 'busy true', 'room false']);
    room.now = true;
    await harness.ready(1);
    expect(harness.generics).toHaveLength(1);
  });

  test('gives up what is missed least, and what it gave up is gone', async () => {
    const harness = await harnessWith();
    await python(harness);
    await harness.ready(1);
    await node(harness, 'later');
    await harness.ready(2);
    const waiting = harness.generics[0];
    expect(harness.pool.giveUpOne()).toBe(true);
    expect(harness.pool.status.byRuntime).toEqual({ 'nodejs24.x': 1 });
    await expect(waiting?.exited).resolves.toMatchObject({ signal: 'SIGKILL' });
    expect(harness.pool.giveUpOne()).toBe(true);
    expect(harness.pool.giveUpOne()).toBe(false);
    expect(harness.pool.usedBytes).toBe(0);
  });

  test('throws away what was started with another bootstrap or SDK than are there now', async () => {
    const harness = await harnessWith();
    await python(harness);
    await harness.ready(1);
    const outdated = harness.generics[0];
    const folder = join(harness.folder, 'runtimes/var-runtime/python');
    cpSync(folder, `${folder}.new`, { recursive: true });
    renameSync(folder, `${folder}.old`);
    renameSync(`${folder}.new`, folder);
    expect((await python(harness)).payload).toEqual(['python', []]);
    await expect(outdated?.exited).resolves.toMatchObject({ signal: 'SIGKILL' });
    await harness.ready(1);
    utimesSync(folder, 1, 1);
    const before = harness.ordinary.length;
    await python(harness);
    expect(harness.ordinary).toHaveLength(before + 1);
  });

  test('replaces what died while it waited, after a pause; nobody is given a dead one', async () => {
    const harness = await harnessWith();
    await node(harness, 'first');
    await harness.ready(1);
    const waiting = harness.generics[0];
    waiting?.signal('SIGKILL');
    waiting?.thaw();
    await harness.ready(0);
    expect((await node(harness, 'second')).payload).toEqual(['second', 1]);
    expect(harness.pool.status).toMatchObject({ ready: 0, starting: 0 });
  });

  test('starts from scratch where code cannot be mounted late', async () => {
    const harness = await harnessWith();
    await node(harness, 'first');
    await harness.ready(1);
    const [waiting] = harness.generics;
    if (waiting)
      waiting.mountLate = () => {
        throw new Error('no mount today');
      };
    expect((await node(harness, 'second')).payload).toEqual(['second', 1]);
    expect(harness.complaints).toHaveLength(1);
    await expect(waiting?.exited).resolves.toMatchObject({ signal: 'SIGKILL' });
  });

  test('reset ends what waits; close leaves nothing, also of what is just starting', async () => {
    const harness = await harnessWith();
    const layout = layoutOf(join(harness.folder, 'state'), '/run/hearth');
    const { environment } = await node(harness, 'first');
    await harness.ready(1);
    await harness.pool.reset();
    expect(harness.pool.status).toMatchObject({ ready: 0, byRuntime: {} });
    const second = await node(harness, 'second');
    await harness.until(() => harness.pool.status.starting + harness.pool.status.ready > 0);
    await Promise.all([harness.pool.close(), harness.pool.close()]);
    await Promise.all([environment.close(), second.environment.close()]);
    // Disks made ahead belong to nobody.
    expect(remainsOf(layout).filter((line) => line.includes('env-'))).toEqual([]);
    expect((await node(harness, 'third')).payload).toEqual(['third', 1]);
    expect(harness.pool.status).toMatchObject({ ready: 0, starting: 0 });
  });
});

test('there is no pool for plain processes', async () => {
  const harness = await harnessWith({ sandbox: 'process' });
  expect((await node(harness, 'one')).payload).toEqual(['one', 1]);
  expect((await node(harness, 'two')).payload).toEqual(['two', 1]);
  expect(harness.ordinary).toHaveLength(2);
  expect(harness.pool.status).toMatchObject({ ready: 0, starting: 0 });
});
