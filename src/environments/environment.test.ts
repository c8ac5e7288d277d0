import { expect, test } from 'vitest';
import { startEnvironment } from '../../tests/support/environment-harness.ts';

test('initialises once, then answers warm, keeping the state of the module', async () => {
  const { run, logs, streams } = await startEnvironment();
  expect((await run({ do: 'count' })).payload).toEqual({ count: 1, starts: 1 });
  expect((await run({ do: 'count' })).payload).toEqual({ count: 2, starts: 1 });
  expect(streams).toHaveLength(1);
  expect(streams[0]).toMatch(/^\/aws\/lambda\/fn \d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/);
  expect(
    logs.map((line) => line.replaceAll(/\d+\.\d\d ms/g, '1.00 ms').replaceAll(/: \d+ ms/g, ': 1 ms')),
  ).toEqual([
    'INIT_START Runtime Version: nodejs:24.v1\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:abc',
    'START RequestId: request-1 Version: $LATEST',
    'working on {"do":"count"}',
    'END RequestId: request-1',
    'REPORT RequestId: request-1\tDuration: 1.00 ms\tBilled Duration: 1 ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB\tInit Duration: 1.00 ms\t',
    'START RequestId: request-2 Version: $LATEST',
    'working on {"do":"count"}',
    'END RequestId: request-2',
    'REPORT RequestId: request-2\tDuration: 1.00 ms\tBilled Duration: 1 ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB\t',
  ]);
});

test('tells the runtime everything about the invocation', async () => {
  const { run } = await startEnvironment();
  const { payload } = await run({ do: 'headers' });
  expect(payload).toMatchObject({
    'content-type': 'application/json',
    'lambda-runtime-aws-request-id': 'request-1',
    'lambda-runtime-invoked-function-arn': 'arn:fn',
    'lambda-runtime-trace-id': expect.stringMatching(
      /^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0$/,
    ),
    'lambda-runtime-invocation-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
  });
});

test('an exception of the handler is passed on verbatim and does not end the environment', async () => {
  const { run, logs } = await startEnvironment();
  await run({ do: 'count' });
  const { payload, outcome } = await run({ do: 'throw' });
  expect(outcome.functionError).toBe('Unhandled');
  expect(payload).toEqual({ errorType: 'TypeError', errorMessage: 'thrown by the handler', trace: [] });
  expect(logs.findLast((line) => line.startsWith('REPORT'))).not.toContain('Status');
  expect((await run({ do: 'count' })).payload).toEqual({ count: 2, starts: 1 });
});

test('every line written before the answer stands before END, on whichever stream, without end of line too', async () => {
  const { run, logs } = await startEnvironment();
  await run({ do: 'log', lines: 3_000 });
  const end = logs.findIndex((line) => line.startsWith('END'));
  expect(logs.slice(0, end).filter((line) => line.startsWith('line '))).toEqual(
    Array.from({ length: 3_000 }, (_, index) => `line ${index}`),
  );
  expect(logs.slice(0, end)).toContain('to stderr, without end of line');
  expect(logs.slice(end).filter((line) => !/^(END|REPORT)/.test(line))).toEqual([]);
});

test('the tail is the end of this invocation, START to REPORT', async () => {
  const { run } = await startEnvironment();
  await run({ do: 'log', lines: 1 });
  const { outcome } = await run({ do: 'log', lines: 1 }, true);
  const text = outcome.logTail?.toString() ?? '';
  expect(text).toMatch(/^START RequestId: request-2 Version: \$LATEST\n/);
  expect(text).toContain('line 0\n');
  expect(text).toMatch(/\nREPORT RequestId: request-2\t.*\n$/);
});

test('a long tail keeps its last 4 KB, and without Tail there is none', async () => {
  const { run } = await startEnvironment();
  const { outcome } = await run({ do: 'log', lines: 2_000 }, true);
  expect(outcome.logTail).toHaveLength(4_096);
  expect((await run({ do: 'count' })).outcome.logTail).toBeUndefined();
});

test('the CPU is bound once Init is over, by memory', async () => {
  const { run, calls } = await startEnvironment({ memoryMiB: 1_769 });
  await run({});
  await run({});
  expect(calls.filter((call) => call.startsWith('cpu'))).toEqual(['cpu 1.000']);
});

test('is frozen when it was idle for long enough, and thawed for the next invocation', async () => {
  const { run, calls, until, environment } = await startEnvironment({}, { freezeAfterMs: 1 });
  await run({});
  await until(() => environment.state === 'frozen');
  expect((await run({ do: 'count' })).payload).toEqual({ count: 1, starts: 1 });
  expect(calls.filter((call) => !call.startsWith('cpu')).slice(0, 2)).toEqual(['freeze', 'thaw']);
});

test('is not frozen while it is busy', async () => {
  const { run, calls } = await startEnvironment({}, { freezeAfterMs: 60_000 });
  for (let count = 0; count < 20; count++) await run({});
  expect(calls).not.toContain('freeze');
});

test('expires when it was idle for its keep-alive', async () => {
  const { run, until, environment, liveSandboxes } = await startEnvironment({}, { keepAliveMs: 5 });
  await run({});
  await until(() => environment.state === 'closed' && liveSandboxes() === 0);
});

test('a busy environment is replaced once it is old, and a young one is not', async () => {
  const old = await startEnvironment({}, { lifetimeMs: 0 });
  expect((await old.run({ do: 'count' })).payload).toEqual({ count: 1, starts: 1 });
  await old.until(() => old.environment.state === 'closed' && old.liveSandboxes() === 0);
  const young = await startEnvironment();
  await young.run({ do: 'count' });
  expect(young.environment.state).toBe('idle');
});

test('a retired environment finishes its invocation and goes', async () => {
  const { run, until, environment, liveSandboxes } = await startEnvironment();
  await run({});
  const running = run({ do: 'wait', ms: 20 });
  environment.retire();
  expect((await running).payload).toEqual({ do: 'wait', ms: 20 });
  await until(() => environment.state === 'closed' && liveSandboxes() === 0);
});

test('closing in the middle of an invocation tells the caller', async () => {
  const { run, environment, liveSandboxes } = await startEnvironment();
  await run({});
  const rejected = expect(run({ do: 'hang' })).rejects.toMatchObject({ code: 'ServiceException' });
  await environment.close();
  await rejected;
  expect(liveSandboxes()).toBe(0);
});

test('closing during Init tells the caller', async () => {
  const { run, environment } = await startEnvironment({ environment: { INIT_PLAN: 'hang' } });
  const rejected = expect(run({})).rejects.toMatchObject({ code: 'ServiceException' });
  await environment.close();
  await rejected;
});
