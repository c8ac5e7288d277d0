import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Interpreters } from './interpreters.ts';
import { definedOnly, type Machine } from './machine.ts';
import { runtimeFolder } from './runtime-folder.ts';

export type LibraryKind = 'nodejs' | 'python';

export interface LibraryReport {
  readonly kind: LibraryKind;
  readonly outcome: 'present' | 'installed' | 'missing';
  /** One sentence for the user: what there is, or what was tried and how to mend it. */
  readonly detail: string;
}

/**
 * The clients of the AWS SDK for JavaScript v3 that stand in `/var/runtime/node_modules`. AWS ships all of them
 * (400, 1.2 GB); these are what functions mostly use. Any other belongs into the function's package or a layer.
 */
export const nodeLibraries: readonly string[] = [
  ...[
    'api-gateway',
    'apigatewaymanagementapi',
    'appconfigdata',
    'athena',
    'bedrock-runtime',
    'cloudformation',
    'cloudfront',
    'cloudwatch',
    'cloudwatch-logs',
    'codepipeline',
    'cognito-identity',
    'cognito-identity-provider',
    'dynamodb',
    'dynamodb-streams',
    'ecs',
    'eventbridge',
    'firehose',
    'glue',
    'iam',
    'kinesis',
    'kms',
    'lambda',
    'rds-data',
    's3',
    'scheduler',
    'secrets-manager',
    'ses',
    'sesv2',
    'sfn',
    'sns',
    'sqs',
    'ssm',
    'sts',
    'xray',
  ].map((service) => `@aws-sdk/client-${service}`),
  '@aws-sdk/credential-providers',
  '@aws-sdk/lib-dynamodb',
  '@aws-sdk/lib-storage',
  '@aws-sdk/s3-request-presigner',
  '@aws-sdk/util-dynamodb',
];

/** Pure Python all the way down, so one folder serves every version of Python. */
export const pythonLibraries: readonly [string, ...string[]] = ['boto3>=1.34', 'simplejson'];
/** Packages are chosen for this version; newer ones run them too. */
const OLDEST_PYTHON = '3.9';

const MINORS = ['3.14', '3.13', '3.12', '3.11', '3.10', '3.9'];
const INSTALL_TIMEOUT_MS = 600_000;
/** Written last: without it an installation counts as broken off, and is done again. */
const MARKER = '.hearth-libraries.json';

/** Told what is about to be fetched from a registry, in a few words, for whoever waits. */
export type OnFetch = (what: string) => void;

/**
 * Puts the AWS SDKs beside the bootstraps, as AWS does: behind the function's own code and layers. Does nothing where
 * the same list is installed already; `onFetch` hears of what takes its time. Never rejects for want of a network or a package manager: functions run without.
 */
export async function provisionRuntimeLibraries(
  machine: Machine,
  kinds: readonly LibraryKind[] = ['nodejs', 'python'],
  onFetch: OnFetch = () => undefined,
): Promise<readonly LibraryReport[]> {
  const reports: LibraryReport[] = [];
  for (const kind of kinds) {
    const missing = librariesMissing(machine, kind);
    if (missing) onFetch(`${nameOf(kind)}, which functions find in /var/runtime`);
    reports.push(missing ? await install(machine, kind) : report(kind, 'present'));
  }
  return reports;
}

/** Whether the SDKs of a language have yet to be installed. */
export function librariesMissing(machine: Machine, kind: LibraryKind): boolean {
  try {
    return readFileSync(join(runtimeFolder(machine, kind), MARKER), 'utf8') !== markerOf(kind);
  } catch {
    return true;
  }
}

function markerOf(kind: LibraryKind): string {
  return JSON.stringify(kind === 'nodejs' ? nodeLibraries : pythonLibraries);
}

function report(kind: LibraryKind, outcome: LibraryReport['outcome'], detail?: string): LibraryReport {
  return { kind, outcome, detail: detail ?? `${nameOf(kind)} is ${outcome}.` };
}

function nameOf(kind: LibraryKind): string {
  return kind === 'nodejs' ? 'AWS SDK for JavaScript' : 'boto3';
}

async function install(machine: Machine, kind: LibraryKind): Promise<LibraryReport> {
  const folder = runtimeFolder(machine, kind);
  const staging = `${folder}.${process.pid}.new`;
  await rm(staging, { recursive: true, force: true });
  await mkdir(staging, { recursive: true });
  await mkdir(folder, { recursive: true });
  try {
    const failure = await (kind === 'nodejs'
      ? installNode(machine, staging)
      : installPython(machine, staging));
    if (failure !== undefined) return report(kind, 'missing', failure);
    await moveEntries(kind === 'nodejs' ? ['node_modules'] : await readdir(staging), staging, folder);
    await writeFile(join(folder, MARKER), markerOf(kind));
    return report(kind, 'installed');
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function moveEntries(names: readonly string[], from: string, to: string): Promise<void> {
  for (const name of names) {
    await rm(join(to, name), { recursive: true, force: true });
    await rename(join(from, name), join(to, name));
  }
}

async function installNode(machine: Machine, staging: string): Promise<string | undefined> {
  await writeFile(join(staging, 'package.json'), '{"private":true}');
  const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--omit=dev', '--no-package-lock'];
  const outcome = await machine.runProgram(['npm', 'install', ...flags, ...nodeLibraries], {
    env: definedOnly(machine.env),
    cwd: staging,
    timeoutMs: INSTALL_TIMEOUT_MS,
  });
  if (outcome.exitCode === 0) return undefined;
  return `npm could not install the AWS SDK for JavaScript: ${lastLine(outcome.stderr)}`;
}

async function installPython(machine: Machine, staging: string): Promise<string | undefined> {
  const failure = await installPythonPackages(machine, staging, pythonLibraries);
  if (failure === undefined) await compileFor(machine, await installedPythons(machine), staging);
  return failure;
}

/** Installs packages that are pure Python into `folder`, by whichever pip or uv can; gives the reason where none can. */
export async function installPythonPackages(
  machine: Machine,
  folder: string,
  packages: readonly [string, ...string[]],
): Promise<string | undefined> {
  const reasons: string[] = [];
  const [first] = packages;
  const name = /^[\w-]+/.exec(first)?.[0] ?? first;
  for (const command of installersOf(await installedPythons(machine))) {
    const outcome = await machine.runProgram([...command, '--target', folder, ...packages], {
      env: { ...definedOnly(machine.env), PIP_DISABLE_PIP_VERSION_CHECK: '1' },
      timeoutMs: INSTALL_TIMEOUT_MS,
    });
    if (outcome.exitCode === 0 && existsSync(join(folder, name))) return undefined;
    reasons.push(lastLine(outcome.stderr));
  }
  return `Neither uv nor a pip could install ${name} (${reasons.join('; ')}). On Debian: apt-get install python3-pip`;
}

async function installedPythons(machine: Machine): Promise<readonly string[]> {
  const interpreters = new Interpreters(machine);
  const found: string[] = [];
  for (const minor of MINORS) {
    const interpreter = await interpreters.find({ kind: 'python', minor });
    if (interpreter) found.push(interpreter.path);
  }
  return found;
}

function installersOf(pythons: readonly string[]): readonly (readonly [string, ...string[]])[] {
  const choice = ['--python-version', OLDEST_PYTHON, '--only-binary=:all:'];
  const pip = ['-m', 'pip', 'install', '--quiet', '--no-compile', '--implementation', 'py', ...choice];
  return [
    ...pythons.map((path): readonly [string, ...string[]] => [path, ...pip]),
    ['uv', 'pip', 'install', '--quiet', ...choice],
  ];
}

/** Inside, `/var/runtime` is read-only: without bytecode, importing boto3 would take half a second at every start. */
async function compileFor(machine: Machine, pythons: readonly string[], folder: string): Promise<void> {
  for (const python of pythons) {
    // Written relative to where it will be found, so that tracebacks name that place.
    const target = ['-s', folder, '-p', '/var/runtime', folder];
    await machine.runProgram([python, '-I', '-m', 'compileall', '-q', ...target], {
      timeoutMs: INSTALL_TIMEOUT_MS,
    });
  }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) || 'no such program';
}
