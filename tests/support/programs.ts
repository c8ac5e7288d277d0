import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { root } from './hearth.ts';

/** What a program printed and how it ended. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, without a shell. */
export async function run(
  command: readonly string[],
  options: {
    readonly env?: Readonly<Record<string, string>>;
    readonly cwd?: string;
    readonly input?: string | Uint8Array;
  } = {},
): Promise<Finished> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  return await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

const isolatedAwsEnv = {
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_REGION: 'us-east-1',
  AWS_DEFAULT_REGION: 'us-east-1',
  AWS_PAGER: '',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
};

/** Environment with which an AWS client talks to this server and to nothing else. */
export function awsEnv(
  endpoint: string,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return { ...isolatedAwsEnv, AWS_ENDPOINT_URL: endpoint, ...more };
}

/** AWS CLI version 2 (Debian's package) and 1 (PyPI); Python with boto3. Undefined where absent. */
export const programs = {
  awsCliV2: firstOf('/usr/bin/aws'),
  awsCli: firstOf('/usr/bin/aws', join(root, '.venv/bin/aws'), ...onPath('aws')),
  awsCliV1: firstOf(join(root, '.venv/bin/aws'), ...onPath('aws')),
  python: firstOf(join(root, '.venv/bin/python'), ...onPath('python3')),
  motoServer: firstOf(join(root, '.venv/bin/moto_server'), ...onPath('moto_server')),
  script: firstOf('/usr/bin/script'),
  runc: firstOf('/usr/sbin/runc', '/usr/bin/runc', ...onPath('runc')),
} as const;

function onPath(program: string): string[] {
  return (process.env['PATH'] ?? '').split(':').map((folder) => join(folder, program));
}

function firstOf(...paths: readonly string[]): string | undefined {
  return paths.find((path) => existsSync(path));
}

/**
 * `test` for what needs a part of the machine: without it the test is skipped and says why, and in CI, which installs
 * the part, it fails.
 */
export function needs(part: unknown, what: string): typeof test | typeof test.skip {
  if (part) return test;
  if (process.env['CI']) {
    test(`${what} is present`, () => {
      throw new Error(`${what} is missing; CI has to install it`);
    });
  } else {
    process.stderr.write(`SKIPPED: ${what} is missing\n`);
  }
  return test.skip;
}
