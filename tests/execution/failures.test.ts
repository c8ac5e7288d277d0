import type { LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, expect } from 'vitest';
import {
  type Answer,
  createFunction,
  createNode,
  createPython,
  invoke,
  lambdaClient,
} from '../support/functions.ts';
import { type RunningHearth, startHearth } from '../support/hearth.ts';
import { needs, programs } from '../support/programs.ts';

/** How functions die, in real sandboxes, as the caller and the log see it. */
const test = needs(programs.runc && process.getuid?.() === 0, 'runc, as root');

let hearth: RunningHearth;
let client: LambdaClient;

beforeAll(async () => {
  if (!programs.runc) return;
  hearth = await startHearth({ args: ['--sandbox', 'oci'] });
  client = lambdaClient(hearth.endpoint);
});

afterAll(async () => {
  client?.destroy();
  await hearth?.dispose();
});

const PYTHON = `
import ctypes, os, signal, sys, time
starts = 0
def handler(event, context):
    global starts
    starts += 1
    print("working on", event["do"])
    if event["do"] == "write":
        open("/tmp/kept", "w").write("kept")
    if event["do"] == "read":
        return {"starts": starts, "kept": open("/tmp/kept").read()}
    if event["do"] == "exit":
        print("last words", flush=True)
        os._exit(event["code"])
    if event["do"] == "signal":
        print("last words", flush=True)
        os.kill(os.getpid(), event["signal"])
    if event["do"] == "segfault":
        print("last words", flush=True)
        ctypes.string_at(0)
    if event["do"] == "memory":
        print("last words", flush=True)
        hold = []
        while True:
            hold.append(bytearray(4 * 1024 * 1024))
    if event["do"] == "sleep":
        print("last words", flush=True)
        time.sleep(60)
    if event["do"] == "raise":
        raise ValueError("no good")
    return None
`;

function expectDeath(answer: Answer, errorType: string, message: string): void {
  expect(answer.functionError).toBe('Unhandled');
  const requestId = /START RequestId: (\S+)/.exec(answer.log)?.[1];
  expect(answer.payload).toEqual({ errorType, errorMessage: `RequestId: ${requestId} Error: ${message}` });
  expect(answer.log).toMatch(/last words\n[\s\S]*END RequestId: \S+\nREPORT RequestId: /);
}

test('Python: every death is told as AWS tells it, and /tmp outlives it', async () => {
  await createPython(client, 'python', PYTHON, { Timeout: 3, MemorySize: 128 });
  const cases: [object, string, string, string][] = [
    [
      { do: 'exit', code: 0 },
      'Runtime.ExitError',
      'Runtime exited without providing a reason',
      'Runtime.ExitError',
    ],
    [
      { do: 'exit', code: 9 },
      'Runtime.ExitError',
      'Runtime exited with error: exit status 9',
      'Runtime.ExitError',
    ],
    [
      { do: 'memory' },
      'Runtime.OutOfMemory',
      'Runtime exited with error: signal: killed',
      'Runtime.OutOfMemory',
    ],
    [{ do: 'sleep' }, 'Sandbox.Timedout', 'Task timed out after 3.00 seconds', 'Status: timeout'],
  ];
  for (const [event, errorType, message, reported] of cases) {
    await invoke(client, 'python', { do: 'write' });
    const answer = await invoke(client, 'python', event);
    expectDeath(answer, errorType, message);
    expect(answer.log).toContain(reported);
    expect((await invoke(client, 'python', { do: 'read' })).payload).toEqual({ starts: 1, kept: 'kept' });
  }
});

test('Python: a segmentation fault and a fatal signal name the signal', async () => {
  await createPython(client, 'signals', PYTHON, { Timeout: 10 });
  expectDeath(
    await invoke(client, 'signals', { do: 'segfault' }),
    'Runtime.ExitError',
    'Runtime exited with error: signal: segmentation fault',
  );
});

test('Python: an exception is the function’s own affair', async () => {
  await createPython(client, 'raises', PYTHON);
  const answer = await invoke(client, 'raises', { do: 'raise' });
  expect(answer).toMatchObject({
    functionError: 'Unhandled',
    payload: { errorType: 'ValueError', errorMessage: 'no good' },
  });
  expect(answer.log).not.toContain('Status:');
});

test('Node.js: exit, memory and an error that nobody caught', async () => {
  const source = `
    export const handler = async (event) => {
      console.log('last words');
      if (event.do === 'exit') process.exit(5);
      if (event.do === 'throw') { setTimeout(() => { throw new RangeError('later'); }, 1); await new Promise(() => {}); }
      if (event.do === 'memory') { const hold = []; for (;;) hold.push(Buffer.alloc(4 << 20, 1)); }
      return 'fine';
    };`;
  await createNode(client, 'node', source, { Timeout: 20, MemorySize: 128 });
  expectDeath(
    await invoke(client, 'node', { do: 'exit' }),
    'Runtime.ExitError',
    'Runtime exited with error: exit status 5',
  );
  expectDeath(
    await invoke(client, 'node', { do: 'memory' }),
    'Runtime.OutOfMemory',
    'Runtime exited with error: signal: killed',
  );
  expect(await invoke(client, 'node', { do: 'throw' })).toMatchObject({
    functionError: 'Unhandled',
    payload: { errorType: 'RangeError', errorMessage: 'later' },
  });
  expect((await invoke(client, 'node')).payload).toBe('fine');
});

test('an Init that fails is tried twice, and the caller sees the posted error', async () => {
  await createPython(client, 'broken', 'print("loading")\nimport nothing_like_this\n');
  const answer = await invoke(client, 'broken');
  expect(answer).toMatchObject({
    functionError: 'Unhandled',
    payload: { errorType: 'Runtime.ImportModuleError', requestId: '' },
  });
  expect(answer.log).toContain('Error Type: Runtime.ImportModuleError');
});

test('a custom runtime without bootstrap is told so', async () => {
  await createFunction(client, {
    name: 'empty',
    files: { 'readme.txt': 'nothing to run' },
    Runtime: 'provided.al2023',
    Handler: 'none',
  });
  expect((await invoke(client, 'empty')).payload).toMatchObject({ errorType: 'Runtime.InvalidEntrypoint' });
});

test('a custom runtime of a shell script runs, one invocation after the other in one environment', async () => {
  const bootstrap = `#!/bin/bash
API="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
COUNT=0
while true; do
  HEAD=$(mktemp)
  EVENT=$(curl -sS -D "$HEAD" "$API/invocation/next")
  ID=$(grep -i lambda-runtime-aws-request-id "$HEAD" | tr -d '\\r' | cut -d' ' -f2)
  COUNT=$((COUNT+1))
  echo "event $EVENT"
  curl -sS -X POST "$API/invocation/$ID/response" -d "{\\"count\\":$COUNT}" > /dev/null
done
`;
  await createFunction(client, {
    name: 'shell',
    files: { bootstrap },
    Runtime: 'provided.al2023',
    Handler: 'none',
    Timeout: 10,
  });
  for (let count = 1; count <= 5; count++) {
    const answer = await invoke(client, 'shell', { n: count });
    expect(answer.payload).toEqual({ count });
    expect(answer.log).toContain(`event {"n":${count}}`);
  }
});

test('a burst of callers is served by environments started in parallel', async () => {
  await createPython(
    client,
    'burst',
    'import time\ndef handler(e, c):\n    time.sleep(0.2)\n    return e\n',
    { Timeout: 30 },
  );
  const answers = await Promise.all(Array.from({ length: 12 }, (_, index) => invoke(client, 'burst', index)));
  expect(answers.map(({ payload }) => payload)).toEqual(Array.from({ length: 12 }, (_, index) => index));
});

test('work left behind stands still between invocations and goes on in the next', async () => {
  const source = `
    let ticks = 0;
    setInterval(() => ticks++, 10);
    export const handler = async (event) => {
      await new Promise((resolve) => setTimeout(resolve, event.ms));
      return { ticks, at: Date.now() };
    };`;
  await createNode(client, 'ticks', source);
  const first = (await invoke(client, 'ticks', { ms: 100 })).payload as { ticks: number; at: number };
  await invoke(client, 'burst', 0);
  const idle = await invoke(client, 'python', { do: 'sleep' });
  expect(idle.functionError).toBe('Unhandled');
  const second = (await invoke(client, 'ticks', { ms: 0 })).payload as { ticks: number; at: number };
  expect(second.at - first.at).toBeGreaterThan(900);
  // Running all the while, the interval would have fired about a hundred times; frozen after 100 ms, it did not.
  expect(second.ticks - first.ticks).toBeLessThan(60);
});
