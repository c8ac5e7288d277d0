import { join } from 'node:path';
import { createLog, randomIds, WallClock } from '../../src/base/index.ts';
import {
  type EnvironmentServices,
  type EnvironmentTimings,
  environmentTimings,
} from '../../src/environments/index.ts';
import type { FunctionVersion } from '../../src/model/index.ts';
import type { LogSink, LogStreamName, LogStreamWriter } from '../../src/telemetry/index.ts';
import { ChildSandboxes } from './child-sandboxes.ts';

/** Every event in order, all streams together. */
export class MemoryLogs implements LogSink {
  readonly lines: string[] = [];
  readonly streams: string[] = [];

  openStream(name: LogStreamName): LogStreamWriter {
    this.streams.push(`${name.group} ${name.stream}`);
    return { append: (_timestampMs, message) => this.lines.push(message) > 0 };
  }

  async drained(): Promise<void> {}
}

let deployments = 0;

export function testVersion(changes: Partial<FunctionVersion> = {}): FunctionVersion {
  return {
    account: '000000000000',
    region: 'us-east-1',
    name: 'fn',
    version: '$LATEST',
    description: '',
    runtime: 'nodejs24.x',
    handler: 'index.handler',
    roleArn: 'arn:aws:iam::000000000000:role/r',
    memoryMiB: 128,
    timeoutMs: 20_000,
    ephemeralStorageMiB: 512,
    architecture: 'x86_64',
    code: { kind: 'archive', sha256Hex: 'aa', sizeBytes: 1 },
    layers: [],
    logging: { format: 'Text', logGroup: `/aws/lambda/${changes.name ?? 'fn'}` },
    runtimeVersionArn: 'arn:aws:lambda:us-east-1::runtime:abc',
    state: 'Active',
    revisionId: 'r',
    deploymentId: `deployment-${++deployments}`,
    lastModifiedMs: 0,
    ...changes,
  };
}

interface TestServices {
  readonly services: EnvironmentServices;
  readonly sandboxes: ChildSandboxes;
  readonly logs: MemoryLogs;
}

/** Services over real child processes that run `runtime.mjs`; the function's variables are the process's. */
export function testServices(
  options: {
    readonly timings?: Partial<EnvironmentTimings>;
    readonly changes?: Partial<EnvironmentServices>;
  } = {},
): TestServices {
  const [sandboxes, logs, clock] = [new ChildSandboxes(), new MemoryLogs(), new WallClock()];
  const services: EnvironmentServices = {
    clock,
    serviceClock: clock,
    ids: randomIds,
    log: createLog('silent'),
    sandboxes,
    logs,
    credentials: () => ({ accessKeyId: 'a', secretAccessKey: 's', sessionToken: 't', expiresAtMs: 0 }),
    listeners: [{ host: '127.0.0.1', port: 4_566, onConnection: (socket) => socket.destroy() }],
    timings: { ...environmentTimings, ...options.timings },
    prepare: async (version) => ({
      task: '/nonexistent',
      plan: {
        mounts: [],
        usesRuntimeSocket: false,
        program: (inside, facts) => ({
          command: [process.execPath, join(import.meta.dirname, 'runtime.mjs')],
          env: {
            ...version.environment,
            AWS_LAMBDA_RUNTIME_API: inside.listenerAddress(0),
            LOG: facts.logStream,
          },
          cwd: '/',
        }),
      },
    }),
    ...options.changes,
  };
  return { services, sandboxes, logs };
}
