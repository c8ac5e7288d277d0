import { expect, test } from 'vitest';
import { startEnvironment } from '../../../tests/support/environment-harness.ts';
import type { EnvironmentOutcome } from '../failures.ts';
import type { ResponseStreamHead } from './response-relay.ts';

type Harness = Awaited<ReturnType<typeof startEnvironment>>;

/** What one caller sees of a streamed response, as it comes. */
class Reading {
  readonly outcome: Promise<EnvironmentOutcome>;
  head: ResponseStreamHead | undefined;
  bytes = 0;
  text = '';
  largestWrite = 0;
  /** Asked at each write. */
  hasRoom: () => boolean = () => true;
  resume: () => void = () => undefined;
  #change = Promise.withResolvers<void>();

  constructor(
    { environment }: Harness,
    event: unknown,
    { tail = false, hasRoom = (): boolean => true } = {},
  ) {
    this.hasRoom = hasRoom;
    const payload = Buffer.from(JSON.stringify(event));
    const responseStream = {
      open: (head: ResponseStreamHead, resume: () => void) =>
        this.#note(() => ([this.head, this.resume] = [head, resume])),
      write: (bytes: Buffer) => {
        this.#note(() => this.#take(bytes));
        return this.hasRoom();
      },
    };
    const invocation = { requestId: 'r', invokedFunctionArn: 'arn', payload, tail, responseStream };
    this.outcome = new Promise((resolve, reject) => environment.invoke(invocation, { resolve, reject }));
  }

  #take(bytes: Buffer): void {
    this.bytes += bytes.length;
    this.largestWrite = Math.max(this.largestWrite, bytes.length);
    if (this.text.length < 1_000) this.text += bytes.toString();
  }

  #note(change: () => void): void {
    change();
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await this.#change.promise;
  }
}

const idle = (harness: Harness): Promise<void> =>
  harness.until(() => !['invoking', 'finishing', 'ending'].includes(harness.environment.state));

function endOfReport(logs: readonly string[]): string | undefined {
  return logs.findLast((line) => line.startsWith('REPORT'))?.split(/Init Duration: [\d.]+ ms\t/)[1];
}

function errorOf({ payload }: EnvironmentOutcome): unknown {
  return JSON.parse(Buffer.from(payload).toString());
}

test('bytes reach the reader while the function still runs', async () => {
  const harness = await startEnvironment({ timeoutMs: 1_000, version: '7' });
  const reading = new Reading(harness, { stream: [{ text: 'first' }, { hang: true }] });
  await reading.until(() => reading.text === 'first');
  expect(reading.head).toEqual({ contentType: 'text/plain', executedVersion: '7' });
  expect(harness.environment.state).toBe('invoking');
  // Only the timeout ends this function.
  expect(errorOf(await reading.outcome)).toEqual({
    errorType: 'Sandbox.Timedout',
    errorMessage: 'RequestId: r Error: Task timed out after 1.00 seconds',
  });
  expect(endOfReport(harness.logs)).toBe('Status: timeout');
  expect((await harness.run({ do: 'count' })).payload).toEqual({ count: 1, starts: 2 });
});

test('the outcome of a whole stream is its end, with the tail where asked for', async () => {
  const harness = await startEnvironment();
  const reading = new Reading(harness, { stream: [{ text: 'a' }, { text: 'b' }] }, { tail: true });
  const { payload, functionError, logTail } = await reading.outcome;
  expect([reading.text, payload.length, functionError]).toEqual(['ab', 0, undefined]);
  expect(logTail?.toString()).toMatch(/^START[^]*streamed: 202\n[^]*REPORT[^]*\n$/);
  await idle(harness);
  expect((await harness.run({ do: 'count' })).payload).toEqual({ count: 1, starts: 1 });
});

test('a function that does not stream answers with its outcome alone', async () => {
  const harness = await startEnvironment();
  const reading = new Reading(harness, { plain: true });
  expect(errorOf(await reading.outcome)).toEqual({ plain: true });
  expect(reading.head).toBeUndefined();
});

test('who does not read a stream gets the whole of it', async () => {
  const { run } = await startEnvironment();
  const { payload, outcome } = await run({ stream: [{ text: '"a' }, { text: 'b"' }] });
  expect(payload).toBe('ab');
  expect(outcome).toMatchObject({ contentType: 'text/plain' });
});

test('who does not read a stream gets 6 MB of it at most', async () => {
  const { run, logs } = await startEnvironment();
  const { payload, outcome } = await run({ stream: [{ bytes: 6_291_557 }] });
  expect(outcome.functionError).toBe('Unhandled');
  expect(payload).toMatchObject({ errorType: 'Function.ResponseSizeTooLarge' });
  expect(logs).toContain('streamed: 413');
});

const brokenOff = { type: 'Odd.Name', body: { errorType: 'Odd.Name', errorMessage: 'broke off' } };

test('an error in the trailers is the end of the stream, for a reader and for who collects', async () => {
  const harness = await startEnvironment();
  const event = { stream: [{ text: 'a' }, { error: brokenOff }] };
  const reading = new Reading(harness, event);
  const outcome = await reading.outcome;
  expect(outcome).toMatchObject({ functionError: 'Unhandled', streamErrorType: 'Odd.Name' });
  expect([reading.text, errorOf(outcome)]).toEqual(['a', brokenOff.body]);
  await idle(harness);
  const collected = await harness.run(event);
  expect(collected.payload).toEqual(brokenOff.body);
  expect(collected.outcome.functionError).toBe('Unhandled');
});

test.each([
  ['exit', 3, 'Runtime.ExitError', 'Runtime exited with error: exit status 3'],
  ['out of memory', 137, 'Runtime.OutOfMemory', 'Runtime exited with error: signal: killed'],
])('%s in the middle: the reader hears how the process ended', async (_, exit, errorType, text) => {
  const harness = await startEnvironment();
  const reading = new Reading(harness, { stream: [{ text: 'a' }, { exit }] });
  expect(errorOf(await reading.outcome)).toEqual({ errorType, errorMessage: `RequestId: r Error: ${text}` });
  expect(reading.text).toBe('a');
  expect(endOfReport(harness.logs)).toBe(`Status: error\tError Type: ${errorType}`);
  expect((await harness.run({ do: 'count' })).payload).toEqual({ count: 1, starts: 2 });
});

test('a connection that is cut by a runtime that goes on: the response is truncated, the environment lives', async () => {
  const harness = await startEnvironment();
  const reading = new Reading(harness, { stream: [{ text: 'a' }, { cut: true }] });
  expect(errorOf(await reading.outcome)).toMatchObject({ errorType: 'Runtime.TruncatedResponse' });
  await idle(harness);
  expect((await harness.run({ do: 'count' })).payload).toEqual({ count: 1, starts: 1 });
});

test('a reader who takes nothing blocks the function, which then times out', async () => {
  const harness = await startEnvironment({ timeoutMs: 2_000 }, { streamBandwidth: fast });
  const reading = new Reading(
    harness,
    { stream: [{ bytes: 209_715_200 }, { log: 'wrote everything' }] },
    { hasRoom: () => false },
  );
  expect(errorOf(await reading.outcome)).toMatchObject({ errorType: 'Sandbox.Timedout' });
  expect(reading.bytes).toBeLessThanOrEqual(65_536);
  expect(harness.logs).not.toContain('wrote everything');
});

test('200 MB pass a reader who pauses after each piece, and none of it is kept for him', async () => {
  const harness = await startEnvironment({}, { streamBandwidth: fast });
  let [paused, writesInPause, turn] = [false, 0, 0];
  const reading: Reading = new Reading(
    harness,
    { stream: [{ bytes: 209_715_200 }] },
    {
      hasRoom: () => {
        if (paused) writesInPause++;
        if (++turn % 10 !== 0) return true;
        paused = true;
        setImmediate(() => {
          paused = false;
          reading.resume();
        });
        return false;
      },
    },
  );
  expect(await reading.outcome).toEqual({ payload: Buffer.alloc(0) });
  expect([reading.bytes, writesInPause]).toEqual([209_715_200, 0]);
  expect(reading.largestWrite).toBeLessThanOrEqual(65_536);
});

test('a response of more than 200 MB: the reader has 200 MB and an error, the runtime a refusal', async () => {
  const harness = await startEnvironment({}, { streamBandwidth: fast });
  const reading = new Reading(harness, { stream: [{ bytes: 209_715_201 }] });
  expect(errorOf(await reading.outcome)).toEqual({
    errorMessage: 'Response payload size exceeded maximum allowed payload size (209715200 bytes).',
    errorType: 'Function.ResponseSizeTooLarge',
  });
  expect(reading.bytes).toBe(209_715_200);
  await idle(harness);
  expect(harness.logs).toContain('streamed: 413');
  expect((await harness.run({ do: 'count' })).payload).toEqual({ count: 1, starts: 1 });
});

test('one that goes on and on past the limit is refused in its middle', async () => {
  const harness = await startEnvironment({}, { streamBandwidth: fast });
  const reading = new Reading(harness, { stream: [{ bytes: 2 * 209_715_200 }, { log: 'wrote everything' }] });
  expect(errorOf(await reading.outcome)).toMatchObject({ errorType: 'Function.ResponseSizeTooLarge' });
  await idle(harness);
  expect(harness.logs).not.toContain('wrote everything');
  expect((await harness.run({ do: 'count' })).payload).toMatchObject({ count: 1 });
});

const fast = { burstBytes: 1e9, bytesPerSecond: 1e9 };
