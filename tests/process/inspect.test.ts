import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { DapClient, InspectorClient } from '../support/debug-clients.ts';
import { createFunction, createNode, createPython, invoke, lambdaClient } from '../support/functions.ts';
import { type RunningHearth, root, startHearth } from '../support/hearth.ts';
import { awsEnv, needs, programs, run } from '../support/programs.ts';

const nodeSource = `const greeting = 'hello';
export const handler = async (event) => {
  const who = event.name;
  return \`\${greeting} \${who}\`;
};
`;

const pythonSource = `greeting = "hello"
def handler(event, context):
    who = event["name"]
    return greeting + " " + who
`;

interface Waiting {
  readonly protocol: string;
  readonly port: number;
  readonly taskRoot: string;
}

interface Session {
  readonly waiting: Waiting;
  readonly process: ChildProcess;
  /** What `hearth invoke` printed at last, and its exit code. */
  readonly ended: Promise<{ readonly code: number | null; readonly answer: unknown }>;
}

/** `hearth invoke NAME --inspect`, as far as it takes to attach a debugger. */
async function inspect(hearth: RunningHearth, name: string, event: unknown): Promise<Session> {
  const flags = ['--inspect', '--inspect-port', '0', '--output', 'json', '--data-dir', hearth.dataFolder];
  const child = spawn(
    process.execPath,
    [join(root, 'bin/hearth.js'), 'invoke', name, '--event', JSON.stringify(event), ...flags],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...awsEnv(hearth.endpoint) } },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const ended = once(child, 'close').then(([code]) => ({
    code: code as number | null,
    answer: JSON.parse(lines.at(-1) ?? 'null') as unknown,
  }));
  const [first] = (await Promise.race([once(reader, 'line'), ended.then(() => ['{}'])])) as [string];
  const { Waiting: waiting } = JSON.parse(first) as { readonly Waiting?: Waiting };
  if (!waiting) throw new Error(`no debugger was waited for: ${lines.join('\n')}`);
  return { waiting, process: child, ended };
}

async function liveEnvironments({ endpoint, dataFolder }: RunningHearth): Promise<number> {
  const authorization = `Bearer ${readFileSync(join(dataFolder, 'operator-token'), 'utf8').trim()}`;
  const answer = await fetch(`${endpoint}/_hearth/status`, { headers: { authorization } });
  const status = (await answer.json()) as { readonly environments: { readonly live: number } };
  return status.environments.live;
}

const sandboxes = process.getuid?.() === 0 ? ['auto', 'process'] : ['process'];

describe.each(sandboxes)('with --sandbox %s', (sandbox) => {
  let hearth: RunningHearth;
  let client: LambdaClient;

  beforeAll(async () => {
    hearth = await startHearth({ args: ['--sandbox', sandbox] });
    client = lambdaClient(hearth.endpoint);
    await createNode(client, 'node', nodeSource, { Timeout: 1 });
  });

  afterAll(async () => await hearth?.dispose());

  test('a Node.js function waits for the inspector, stops on its first line and at breakpoints, and goes on', async () => {
    const { waiting, ended } = await inspect(hearth, 'node', { name: 'Ada' });
    expect(waiting.protocol).toBe('inspector');
    const debug = await InspectorClient.attach(waiting.port);
    onTestFinished(() => debug.close());
    await debug.send('Debugger.enable');
    const url = `file://${waiting.taskRoot}/index.mjs`;
    await debug.send('Debugger.setBreakpointByUrl', { url, lineNumber: 3 });
    await debug.send('Runtime.runIfWaitingForDebugger');
    expect(await debug.paused()).toMatchObject({ function: 'handler', line: 3 });
    expect((await invoke(client, 'node', { name: 'somebody else' })).payload).toBe('hello somebody else');
    await debug.send('Debugger.resume');
    const stop = await debug.paused();
    expect(stop.line).toBe(4);
    expect(await debug.evaluate(stop.callFrameId, 'who')).toBe('Ada');
    const beyondTimeout = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500)';
    await debug.evaluate(stop.callFrameId, beyondTimeout);
    await debug.send('Debugger.resume');
    expect(await ended).toMatchObject({ code: 0, answer: { Payload: '"hello Ada"' } });
  });

  test('whoever gives up ends the environment, and the port is free again', async () => {
    const before = await liveEnvironments(hearth);
    const { waiting, process: cli, ended } = await inspect(hearth, 'node', {});
    const debug = await InspectorClient.attach(waiting.port);
    onTestFinished(() => debug.close());
    cli.kill('SIGINT');
    expect((await ended).code).toBe(0);
    await expect.poll(() => canListen(waiting.port)).toBe(true);
    expect(await liveEnvironments(hearth)).toBe(before);
  });

  test('a function that fails to load says so, without a debugger for the second try', async () => {
    await createNode(client, 'broken', 'throw new Error("no luck");\nexport const handler = () => 1;\n');
    const { waiting, ended } = await inspect(hearth, 'broken', {});
    const debug = await InspectorClient.attach(waiting.port);
    onTestFinished(() => debug.close());
    await debug.send('Runtime.runIfWaitingForDebugger');
    const { code, answer } = await ended;
    expect(code).toBe(3);
    expect(answer).toMatchObject({ FunctionError: 'Unhandled', Payload: expect.stringContaining('no luck') });
  });
});

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
      .once('error', () => resolve(false))
      .listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

describe('on any sandbox', () => {
  let hearth: RunningHearth;
  let client: LambdaClient;

  beforeAll(async () => {
    hearth = await startHearth();
    client = lambdaClient(hearth.endpoint);
    await createNode(client, 'node', nodeSource);
  });

  afterAll(async () => await hearth?.dispose());

  function hearthCli(...args: string[]): ReturnType<typeof run> {
    const command = [process.execPath, join(root, 'bin/hearth.js'), ...args, '--data-dir', hearth.dataFolder];
    return run(command, { env: awsEnv(hearth.endpoint) });
  }

  needs(programs.python, 'Python')(
    'a Python function waits for debugpy, stops at a breakpoint, shows a variable, and goes on',
    async ({ skip }) => {
      const provided = await hearthCli('runtimes', 'add', 'debugpy');
      if (provided.code !== 0) {
        if (process.env['CI']) throw new Error(provided.stderr);
        process.stderr.write(`SKIPPED: debugpy cannot be had: ${provided.stderr}\n`);
        skip();
      }
      await createPython(client, 'python', pythonSource, { Timeout: 1 });
      const { waiting, ended } = await inspect(hearth, 'python', { name: 'Grace' });
      const debug = await DapClient.attach(waiting.port);
      onTestFinished(() => debug.close());
      await debug.request('initialize', { adapterID: 'debugpy', pathFormat: 'path', linesStartAt1: true });
      const attached = debug.request('attach', { justMyCode: false });
      await debug.event('initialized');
      await debug.request('setBreakpoints', {
        source: { path: `${waiting.taskRoot}/app.py` },
        breakpoints: [{ line: 4 }],
      });
      await debug.request('configurationDone');
      await attached;
      const { threadId } = await debug.event('stopped');
      const { stackFrames } = (await debug.request('stackTrace', { threadId })) as {
        readonly stackFrames?: readonly {
          readonly id: number;
          readonly name: string;
          readonly line: number;
        }[];
      };
      expect(stackFrames?.[0]).toMatchObject({ name: 'handler', line: 4 });
      const frameId = stackFrames?.[0]?.id;
      expect(await debug.request('evaluate', { expression: 'who', frameId })).toMatchObject({
        result: "'Grace'",
      });
      // The environment may be gone before it has answered.
      void debug.request('continue', { threadId });
      expect(await ended).toMatchObject({ code: 0, answer: { Payload: '"hello Grace"' } });
    },
  );

  test('a custom runtime is refused, since nobody knows its debugger', async () => {
    const files = { bootstrap: '#!/bin/sh\nexit 1\n' };
    await createFunction(client, {
      name: 'custom',
      files,
      Runtime: 'provided.al2023',
      Handler: 'any',
    });
    const { code, stderr } = await hearthCli('invoke', 'custom', '--inspect');
    expect(code).toBe(1);
    expect(stderr).toContain('Hearth knows no debugger for provided.al2023');
  });

  test('a port that is taken is refused by its number', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void taken.close());
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' && address ? String(address.port) : '';
    const { code, stderr } = await hearthCli('invoke', 'node', '--inspect', '--inspect-port', port);
    expect(code).toBe(1);
    expect(stderr).toContain(`Port ${port} of 127.0.0.1, for the debugger, is taken`);
  });

  test('a function that is not there is told as by AWS', async () => {
    const { code, stderr } = await hearthCli('invoke', 'nobody', '--inspect');
    expect(code).toBe(1);
    expect(stderr).toContain('ResourceNotFoundException: Function not found');
  });

  test('real AWS is refused before anything is called', async () => {
    for (const endpoint of ['aws', 'https://lambda.eu-west-1.amazonaws.com']) {
      const { code, stderr } = await hearthCli('invoke', 'node', '--inspect', '--endpoint', endpoint);
      expect(code).toBe(2);
      expect(stderr).toContain('--inspect needs a Hearth server');
    }
  });

  test('without the operator token nothing is debugged', async () => {
    const answer = await fetch(`${hearth.endpoint}/_hearth/debug-invocations`, {
      method: 'POST',
      body: '{}',
    });
    expect(answer.status).toBe(401);
  });
});
