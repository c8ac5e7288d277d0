import { expect, test } from 'vitest';
import { billedDurationMs, type LoggedFunction, platformLines } from './platform-lines.ts';

const text: LoggedFunction = {
  name: 'fn',
  version: '$LATEST',
  runtime: 'python3.10',
  runtimeVersionArn: 'arn:aws:lambda:eu-west-1::runtime:abc',
  logging: { format: 'Text', logGroup: '/aws/lambda/fn' },
};
const json: LoggedFunction = { ...text, logging: { ...text.logging, format: 'JSON', systemLevel: 'INFO' } };
const facts = {
  requestId: 'r',
  durationMs: 3.0111,
  billedMs: 4,
  memoryMiB: 128,
  maxMemoryUsedMiB: 36,
} as const;
const nowMs = (): number => Date.UTC(2026, 0, 1);

test('text lines are those of AWS', () => {
  const lines = platformLines(text, nowMs);
  expect(lines.initStart()).toBe(
    'INIT_START Runtime Version: python:3.10.v1\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:abc',
  );
  expect(lines.start('r', 0)).toBe('START RequestId: r Version: $LATEST');
  expect(lines.end('r')).toBe('END RequestId: r');
  expect(lines.report({ ...facts, initMs: 110.1, status: 'success' }, 0)).toBe(
    'REPORT RequestId: r\tDuration: 3.01 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\tInit Duration: 110.10 ms\t',
  );
});

test('a report names what ended the environment, and not an exception of the handler', () => {
  const lines = platformLines(text, nowMs);
  const end = (line: string | undefined): string => line?.split('36 MB\t')[1] ?? 'missing';
  expect(end(lines.report({ ...facts, status: 'success' }, 0))).toBe('');
  expect(end(lines.report({ ...facts, status: 'error', errorType: 'Function.Unknown' }, 0))).toBe('');
  expect(end(lines.report({ ...facts, status: 'timeout' }, 0))).toBe('Status: timeout');
  expect(end(lines.report({ ...facts, status: 'failure', errorType: 'Runtime.ExitError' }, 0))).toBe(
    'Status: error\tError Type: Runtime.ExitError',
  );
});

test('with SnapStart there are lines of the restore, and Init is always reported', () => {
  const lines = platformLines({ ...text, initializationType: 'snap-start' }, nowMs);
  expect(lines.initReport({ phase: 'init', status: 'success', durationMs: 1 })).toBe(
    'INIT_REPORT Init Duration: 1.00 ms\tPhase: init\tStatus: success',
  );
  expect(lines.restoreStart()).toBe(
    'RESTORE_START Runtime Version: python:3.10.v1\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:abc',
  );
  expect(lines.restoreReport({ status: 'success', durationMs: 7.123 })).toBe(
    'RESTORE_REPORT Restore Duration: 7.12 ms',
  );
  expect(lines.restoreReport({ status: 'timeout', durationMs: 10_000 })).toBe(
    'RESTORE_REPORT Restore Duration: 10000.00 ms\tStatus: timeout',
  );
  const restore = { durationMs: 7.123, billedMs: 2 };
  expect(lines.report({ ...facts, restore, status: 'success' }, 0)).toMatch(
    /36 MB\tRestore Duration: 7\.12 ms\tBilled Restore Duration: 2 ms\t$/,
  );
  const record = platformLines({ ...json, initializationType: 'snap-start' }, nowMs);
  expect(JSON.parse(record.initStart() ?? '')).toMatchObject({
    record: { initializationType: 'snap-start', phase: 'snap-start' },
  });
  expect(
    JSON.parse(record.restoreReport({ status: 'error', durationMs: 1, errorType: 'X' }) ?? ''),
  ).toMatchObject({
    type: 'platform.restoreReport',
    record: { status: 'error', errorType: 'X', metrics: { durationMs: 1 } },
  });
  expect(JSON.parse(record.report({ ...facts, restore, status: 'success' }, 0) ?? '')).toMatchObject({
    record: { metrics: { restoreDurationMs: 7.123, billedRestoreDurationMs: 2 } },
  });
});

test('JSON lines carry the telemetry records, and no end', () => {
  const lines = platformLines(json, nowMs);
  expect(lines.end('r')).toBeUndefined();
  expect(JSON.parse(lines.start('r', nowMs()) ?? '')).toEqual({
    time: '2026-01-01T00:00:00.000Z',
    type: 'platform.start',
    record: { requestId: 'r', version: '$LATEST' },
  });
  expect(JSON.parse(lines.report({ ...facts, status: 'timeout' }, nowMs()) ?? '')).toMatchObject({
    type: 'platform.report',
    record: { status: 'timeout', metrics: { durationMs: 3.011, billedDurationMs: 4, memorySizeMB: 128 } },
  });
});

test('the system log level hides the lines below it and shows those above', () => {
  const warn = platformLines({ ...json, logging: { ...json.logging, systemLevel: 'WARN' } }, nowMs);
  expect(warn.start('r', 0)).toBeUndefined();
  expect(warn.report({ ...facts, status: 'success' }, 0)).toBeUndefined();
  expect(warn.report({ ...facts, status: 'failure' }, 0)).toBeDefined();
});

test('billed duration is Duration and Init Duration together, rounded up', () => {
  expect(billedDurationMs(133.61, 80)).toBe(214);
  expect(billedDurationMs(3016.78, 84)).toBe(3101);
  expect(billedDurationMs(3)).toBe(3);
  expect(billedDurationMs(3.0000001)).toBe(3);
  expect(billedDurationMs(3.01)).toBe(4);
  expect(billedDurationMs(0.1, 0.2)).toBe(1);
  expect(billedDurationMs(0)).toBe(1);
});

test('details stand in JSON alone, at DEBUG where all is well, at WARN where not', () => {
  const debug = platformLines({ ...json, logging: { ...json.logging, systemLevel: 'DEBUG' } }, nowMs);
  const done = { phase: 'init', status: 'success' } as const;
  expect(JSON.parse(debug.initRuntimeDone(done) ?? '')).toMatchObject({
    type: 'platform.initRuntimeDone',
    record: { initializationType: 'on-demand', phase: 'init', status: 'success' },
  });
  expect(JSON.parse(debug.initReport({ ...done, durationMs: 1.5 }) ?? '')).toMatchObject({
    record: { status: 'success', metrics: { durationMs: 1.5 } },
  });
  expect(JSON.parse(debug.runtimeDone({ ...facts, status: 'success' }, nowMs()) ?? '')).toEqual({
    time: '2026-01-01T00:00:00.000Z',
    type: 'platform.runtimeDone',
    record: { requestId: 'r', status: 'success', metrics: { durationMs: 3.011 } },
  });
  const info = platformLines(json, nowMs);
  expect(info.runtimeDone({ ...facts, status: 'success' }, 0)).toBeUndefined();
  expect(info.runtimeDone({ ...facts, status: 'timeout' }, 0)).toContain('"status":"timeout"');
  expect(info.initRuntimeDone(done)).toBeUndefined();
  expect(platformLines(text, nowMs).runtimeDone({ ...facts, status: 'timeout' }, 0)).toBeUndefined();
});

test('extensions and their subscriptions have lines, a failed one at a higher level', () => {
  const events = ['INVOKE', 'SHUTDOWN'];
  const ready = { name: 'agent', state: 'Ready', events };
  const failed = { name: 'agent', state: 'LaunchError', events: [], errorType: 'PermissionDenied' };
  const subscribed = { api: 'telemetry', name: 'agent', types: ['platform', 'function'] } as const;
  const plain = platformLines(text, nowMs);
  expect(plain.extension(ready)).toBe('EXTENSION\tName: agent\tState: Ready\tEvents: [INVOKE, SHUTDOWN]');
  expect(plain.extension(failed)).toBe(
    'EXTENSION\tName: agent\tState: LaunchError\tEvents: []\tError Type: PermissionDenied',
  );
  expect(plain.subscription(subscribed)).toBe(
    'TELEMETRY\tName: agent\tState: Subscribed\tTypes: [Platform, Function]',
  );
  const warn = platformLines({ ...json, logging: { ...json.logging, systemLevel: 'WARN' } }, nowMs);
  expect(warn.extension(ready)).toBeUndefined();
  expect(JSON.parse(warn.extension(failed) ?? '')).toMatchObject({
    type: 'platform.extension',
    record: failed,
  });
  expect(
    JSON.parse(platformLines(json, nowMs).subscription({ ...subscribed, api: 'logs' }) ?? ''),
  ).toMatchObject({
    type: 'platform.logsSubscription',
    record: { name: 'agent', state: 'Subscribed', types: ['platform', 'function'] },
  });
});
