import { expect, test } from 'vitest';
import { startEnvironment } from '../../tests/support/environment-harness.ts';

const INIT_ERROR = { errorMessage: 'no module', errorType: 'Runtime.ImportModuleError', requestId: '' };

function endOfReport(logs: readonly string[]): string | undefined {
  return logs.findLast((line) => line.startsWith('REPORT'))?.split(/Max Memory Used: \d+ MB\t/)[1];
}

test.each([
  ['exit 0', { do: 'exit', code: 0 }, 'Runtime.ExitError', 'Runtime exited without providing a reason'],
  ['exit 3', { do: 'exit', code: 3 }, 'Runtime.ExitError', 'Runtime exited with error: exit status 3'],
  [
    'SIGKILL',
    { do: 'kill', signal: 'SIGKILL' },
    'Runtime.ExitError',
    'Runtime exited with error: signal: killed',
  ],
  [
    'SIGSEGV',
    { do: 'kill', signal: 'SIGSEGV' },
    'Runtime.ExitError',
    'Runtime exited with error: signal: segmentation fault',
  ],
  [
    'out of memory',
    { do: 'exit', code: 137 },
    'Runtime.OutOfMemory',
    'Runtime exited with error: signal: killed',
  ],
])(
  '%s in the handler: reported, logged to the last word, and the next invocation starts over with /tmp',
  async (_, event, errorType, text) => {
    const { run, logs } = await startEnvironment();
    await run({ do: 'write', text: 'kept' });
    const { payload, outcome } = await run(event);
    expect(outcome.functionError).toBe('Unhandled');
    expect(payload).toEqual({ errorType, errorMessage: `RequestId: request-2 Error: ${text}` });
    expect(logs.indexOf('last words')).toBeGreaterThan(0);
    expect(logs.indexOf('last words')).toBeLessThan(logs.indexOf('END RequestId: request-2'));
    expect(endOfReport(logs)).toBe(`Status: error\tError Type: ${errorType}`);
    expect((await run({ do: 'count' })).payload).toEqual({ count: 1, starts: 2 });
    expect((await run({ do: 'read' })).payload).toBe('kept');
    expect(logs.filter((line) => line.startsWith('INIT_START'))).toHaveLength(1);
  },
);

test('a timeout: reported with the limit, last words kept, started over with /tmp', async () => {
  const { run, logs } = await startEnvironment({ timeoutMs: 1_000 });
  await run({ do: 'write', text: 'kept' });
  const { payload } = await run({ do: 'hang' });
  expect(payload).toEqual({
    errorType: 'Sandbox.Timedout',
    errorMessage: 'RequestId: request-2 Error: Task timed out after 1.00 seconds',
  });
  expect(logs.indexOf('last words')).toBeLessThan(logs.indexOf('END RequestId: request-2'));
  expect(logs.findLast((line) => line.startsWith('REPORT'))).toMatch(
    /Duration: 1000\.00 ms\tBilled Duration: 1000 ms\t.*\tStatus: timeout$/,
  );
  expect((await run({ do: 'read' })).payload).toBe('kept');
});

test('an exit after the answer: the caller has the answer, the report says what happened', async () => {
  const { run, logs } = await startEnvironment();
  const { payload, outcome } = await run({ after: 'exit' });
  expect(outcome.functionError).toBeUndefined();
  expect(payload).toEqual({ after: 'exit' });
  expect(endOfReport(logs)).toContain('Status: error\tError Type: Runtime.ExitError');
  expect((await run({ do: 'count' })).payload).toEqual({ count: 1, starts: 2 });
});

test('no end after the answer: the caller has the answer, and the timeout ends the environment', async () => {
  const { run, logs } = await startEnvironment({ timeoutMs: 500 });
  expect((await run({ after: 'hang' })).payload).toEqual({ after: 'hang' });
  expect(logs.findLast((line) => line.startsWith('REPORT'))).toContain('Status: timeout');
});

test('a response past the limit: the caller is told, the runtime gets 413 and goes on', async () => {
  const { run, logs } = await startEnvironment();
  const { payload, outcome } = await run({ do: 'large', bytes: 6_291_555 });
  expect(outcome.functionError).toBe('Unhandled');
  expect(payload).toEqual({
    errorMessage: 'Response payload size exceeded maximum allowed payload size (6291556 bytes).',
    errorType: 'Function.ResponseSizeTooLarge',
  });
  expect((await run({ do: 'count' })).payload).toEqual({ count: 1, starts: 1 });
  expect(logs).toContain('answer to much: 413');
});

test('a response of exactly the limit passes', async () => {
  const { run } = await startEnvironment();
  const { payload, outcome } = await run({ do: 'large', bytes: 6_291_554 });
  expect(outcome.functionError).toBeUndefined();
  expect(payload).toHaveLength(6_291_554);
});

test('a response in a mode that nobody knows is refused', async () => {
  const { run } = await startEnvironment();
  const { payload, outcome } = await run({ mode: 'odd' });
  expect(outcome.functionError).toBe('Unhandled');
  expect(payload).toMatchObject({ errorType: 'Runtime.InvalidResponseModeHeader' });
  expect((await run({ do: 'count' })).payload).toEqual({ count: 1, starts: 1 });
});

test('an Init that fails once is repeated within the invocation', async () => {
  const { run, logs } = await startEnvironment({ environment: { INIT_PLAN: 'exit' } });
  expect((await run({ do: 'count' })).payload).toEqual({ count: 1, starts: 2 });
  expect(
    logs.map((line) => line.replaceAll(/\d+\.\d\d/g, '1.00').replace(/REPORT.*(Memory Size)/, 'REPORT $1')),
  ).toEqual([
    expect.stringMatching(/^INIT_START/),
    'init exit',
    'INIT_REPORT Init Duration: 1.00 ms\tPhase: init\tStatus: error\tError Type: Runtime.ExitError',
    'START RequestId: request-1 Version: $LATEST',
    'working on {"do":"count"}',
    'END RequestId: request-1',
    'REPORT Memory Size: 128 MB\tMax Memory Used: 40 MB\t',
  ]);
});

test('an Init that exits twice: the caller sees how', async () => {
  const { run, logs } = await startEnvironment({ environment: { INIT_PLAN: 'exit,exit' } });
  expect((await run({})).payload).toEqual({
    errorType: 'Runtime.ExitError',
    errorMessage: 'RequestId: request-1 Error: Runtime exited with error: exit status 7',
  });
  expect(logs.filter((line) => line.startsWith('INIT_REPORT')).map((line) => line.split('\t')[1])).toEqual([
    'Phase: init',
    'Phase: invoke',
  ]);
  expect(endOfReport(logs)).toContain('Runtime.ExitError');
  expect((await run({ do: 'count' })).payload).toEqual({ count: 1, starts: 3 });
});

test.each(['error,error', 'error-and-hang,error-and-hang'])(
  'an Init error that the runtime posts (%s) is what the caller sees',
  async (plan) => {
    const { run, logs } = await startEnvironment(
      { environment: { INIT_PLAN: plan } },
      { initErrorGraceMs: 50 },
    );
    const { payload, outcome } = await run({});
    expect(outcome.functionError).toBe('Unhandled');
    expect(payload).toEqual(INIT_ERROR);
    expect(logs.filter((line) => line.startsWith('init error'))).toHaveLength(2);
    expect(endOfReport(logs)).toBe('Status: error\tError Type: Runtime.ImportModuleError');
  },
);

test('an Init past its limit is repeated within the invocation, under the timeout of the function', async () => {
  const { run, logs } = await startEnvironment(
    { timeoutMs: 1_000, environment: { INIT_PLAN: 'hang,hang' } },
    { initMs: 400 },
  );
  expect((await run({})).payload).toMatchObject({ errorType: 'Sandbox.Timedout' });
  const reports = logs.filter((line) => line.startsWith('INIT_REPORT'));
  expect(reports[0]).toMatch(
    /^INIT_REPORT Init Duration: (?:[4-9]|\d+\d)\d\d\.\d\d ms\tPhase: init\tStatus: timeout$/,
  );
  expect(reports[1]).toMatch(/\tPhase: invoke\tStatus: timeout$/);
  expect((await run({ do: 'count' })).payload).toEqual({ count: 1, starts: 3 });
});

test('a custom runtime without bootstrap is told so', async () => {
  const { run } = await startEnvironment({ runtime: 'provided.al2023' });
  expect((await run({})).payload).toEqual({
    errorType: 'Runtime.InvalidEntrypoint',
    errorMessage:
      "RequestId: request-1 Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]",
  });
});
