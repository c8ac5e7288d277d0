import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog, randomIds, WallClock } from '../../src/base/index.ts';
import { environmentTimings } from '../../src/environments/index.ts';
import type { FunctionLookup } from '../../src/functions/index.ts';
import { FunctionInvoker } from '../../src/invoke/index.ts';
import { functionArn, type FunctionVersion } from '../../src/model/index.ts';
import { MachineRuntimes } from '../../src/runtimes/index.ts';
import { createOciSandboxFactory, runProgram } from '../../src/sandbox/index.ts';
import { machineLimits, Scheduler } from '../../src/scheduler/index.ts';
import { openDatabase } from '../../src/store/index.ts';
import { openLogs } from '../../src/telemetry/index.ts';
import { HANDLERS } from './lambda-client.ts';

export interface ExecutionStack {
  readonly invoker: FunctionInvoker;
  readonly scheduler: Scheduler;
  close(): Promise<void>;
}

/** Everything from the invoker down, with real sandboxes and logs on disk, and no edge: one function, `fn`. */
export async function openExecutionStack(
  language: keyof typeof HANDLERS,
  memoryMiB = 1_769,
): Promise<ExecutionStack> {
  const folder = mkdtempSync(join(tmpdir(), 'hearth-bench-'));
  const { runtime, file, code } = HANDLERS[language];
  const task = join(folder, 'task');
  mkdirSync(task);
  writeFileSync(join(task, file), code);
  const [clock, log] = [new WallClock(), createLog('warn')];
  const database = await openDatabase({ file: join(folder, 'logs.db'), survives: 'process-death' }, clock);
  const logs = await openLogs({ database, clock, ids: randomIds, log });
  const sandboxes = await createOciSandboxFactory({ stateDir: join(folder, 'state'), log, clock });
  const runtimes = new MachineRuntimes({
    runProgram,
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', PYENV_ROOT: process.env['PYENV_ROOT'] },
    home: process.env['HOME'] ?? '/root',
    ownNode: { path: process.execPath, version: process.versions.node },
    arch: 'x64',
    runtimesDir: join(folder, 'runtimes'),
    bootstrapsDir: join(import.meta.dirname, '../../runtimes'),
  });
  const version = benchVersion(runtime, memoryMiB);
  const scheduler = new Scheduler({
    machine: machineLimits,
    services: {
      clock,
      serviceClock: clock,
      ids: randomIds,
      log,
      sandboxes,
      logs: logs.sink,
      prepare: async (target) => ({ plan: await runtimes.plan(target), task }),
      credentials: () => ({ accessKeyId: 'a', secretAccessKey: 's', sessionToken: 't', expiresAtMs: 0 }),
      listeners: [{ host: '127.0.0.1', port: 4_566, onConnection: (socket) => socket.destroy() }],
      timings: environmentTimings,
    },
  });
  const invoker = new FunctionInvoker({ lookup: lookupOf(version, task), scheduler });
  return {
    invoker,
    scheduler,
    close: async () => {
      await scheduler.close();
      await sandboxes.close();
      await logs.close();
      await database.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function lookupOf(version: FunctionVersion, task: string): FunctionLookup {
  const target = { version, invokedFunctionArn: functionArn(version, version.name) };
  return {
    resolve: () => target,
    directories: async () => ({ task }),
    onRetired: () => undefined,
    reservedTotal: () => 0,
    invalidate: () => undefined,
  };
}

function benchVersion(runtime: string, memoryMiB: number): FunctionVersion {
  return {
    account: '000000000000',
    region: 'us-east-1',
    name: 'fn',
    version: '$LATEST',
    description: '',
    runtime,
    handler: 'index.handler',
    roleArn: 'arn:aws:iam::000000000000:role/r',
    memoryMiB,
    timeoutMs: 30_000,
    ephemeralStorageMiB: 512,
    architecture: 'x86_64',
    code: { kind: 'archive', sha256Hex: 'aa', sizeBytes: 1 },
    layers: [],
    logging: { format: 'Text', logGroup: '/aws/lambda/fn' },
    runtimeVersionArn: 'arn:aws:lambda:us-east-1::runtime:abc',
    state: 'Active',
    revisionId: 'r',
    deploymentId: 'd',
    lastModifiedMs: 0,
  };
}
