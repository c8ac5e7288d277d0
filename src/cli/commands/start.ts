import { homedir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import {
  type Command,
  type CommandContext,
  exitCodes,
  type Flag,
  type FlagValues,
  text,
  texts,
  UsageError,
  wholeNumber,
} from '../command.ts';
import { defaultDataFolder } from '../data-folder.ts';
import type { Output } from '../output.ts';
import type { HearthOptions, HearthServer } from '../../server/index.ts';

export const startFlags: readonly Flag[] = [
  { flags: '--port <number>', description: 'port to listen on', default: '4566' },
  {
    flags: '--host <address>',
    description: 'address to listen on; beyond loopback it takes --auth keys',
    default: '127.0.0.1',
  },
  { flags: '--data-dir <folder>', description: 'where everything is kept (default: $XDG_DATA_HOME/hearth)' },
  {
    flags: '--store <store>',
    description: 'sqlite, or postgres://user:password@host/database',
    default: 'sqlite',
  },
  {
    flags: '--sandbox <kind>',
    description: 'how functions are isolated',
    default: 'auto',
    choices: ['auto', 'oci', 'process'],
  },
  {
    flags: '--auth <mode>',
    description: 'accept any credentials, or verify signatures',
    default: 'permissive',
    choices: ['permissive', 'keys'],
  },
  {
    flags: '--hot-reload <folder>',
    description: 'a folder below which functions may be mounted live',
    repeat: true,
  },
  {
    flags: '--allow-host-port <number>',
    description: 'a port of this machine that functions reach as host.docker.internal',
    repeat: true,
  },
  {
    flags: '--account-concurrency <number>',
    description: 'concurrent executions of an account and region (default: 1000)',
  },
  {
    flags: '--registry <url>',
    description: "a registry of your own that ECR's addresses stand for",
  },
  {
    flags: '--pool <number>',
    description: 'environments kept ready for each runtime, so that cold starts are short; 0 for none',
    default: '4',
  },
  {
    flags: '--file-system <arn=folder>',
    description:
      'a folder that stands for an access point in FileSystemConfigs; ARN=/folder:ro for reading only',
    repeat: true,
  },
  {
    flags: '--subnet <id=network>',
    description: 'a subnet that VpcConfig may name, and where it leads: outbound, or none',
    repeat: true,
  },
  {
    flags: '--security-group <id>',
    description: 'a security group that VpcConfig may name',
    repeat: true,
  },
  {
    flags: '--log-level <level>',
    description: "the server's own diagnostics on standard error",
    default: 'warn',
    choices: ['debug', 'info', 'warn', 'error', 'silent'],
  },
];

export const start: Command = {
  name: 'start',
  summary: 'Run the service until Ctrl-C',
  flags: startFlags,
  examples: [
    'hearth start',
    'hearth start --port 4567 --data-dir ./state --hot-reload ./src',
    'hearth start --host 0.0.0.0 --auth keys --store postgres://hearth@db/hearth',
  ],
  async run(values, _args, context) {
    const server = await startServer(values, context);
    await stopped(context.signal);
    context.output.note('Stopping: finishing what runs …');
    await server.close();
    return exitCodes.ok;
  },
};

/** Starts the server and prints where it is, what it enforces, and `Ready.` */
export async function startServer(values: FlagValues, context: CommandContext): Promise<HearthServer> {
  boundYoungGeneration();
  const { startHearth } = await import('../../server/index.ts');
  const options = readOptions(values, context);
  const server = await startHearth(options).catch((error: unknown) => {
    throw explainStart(error, options);
  });
  const { output } = context;
  if (output.format === 'json') {
    output.json({ endpoint: server.endpoint, sandbox: server.capabilities, notes: server.notes });
  } else {
    printBanner(server, output);
    output.line('Ready.');
  }
  return server;
}

/** The two everyday reasons, with what to do; whatever else it is speaks for itself. */
function explainStart(error: unknown, { host, port }: HearthOptions): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const message =
    code === 'EADDRINUSE'
      ? `Port ${port} of ${host} is taken, perhaps by another Hearth. Choose another one with --port (0: any).`
      : code === 'EADDRNOTAVAIL'
        ? `${host} is no address of this machine. Choose one with --host.`
        : undefined;
  return message === undefined ? error : new Error(message, { cause: error });
}

function printBanner({ endpoint, capabilities, dataFolder, notes }: HearthServer, output: Output): void {
  const { kind, enforced, gaps } = capabilities;
  output.fact('Hearth', output.style('cyan', endpoint));
  output.fact('Sandbox', `${kind}; enforces ${enforced.join(', ') || 'nothing'}`);
  for (const gap of gaps) output.fact('', `${output.style('yellow', '!')} ${gap}`);
  for (const note of notes) output.fact('', `${output.style('yellow', '!')} ${note}`);
  output.fact('Data', dataFolder);
}

function readOptions(values: FlagValues, { env, version }: CommandContext): HearthOptions {
  const host = text(values, 'host') ?? '127.0.0.1';
  const auth = text(values, 'auth') === 'keys' ? 'keys' : 'permissive';
  if (auth !== 'keys' && !isLoopback(host)) {
    throw new UsageError(`--host ${host} is reachable from other machines: it takes --auth keys`);
  }
  return {
    version,
    host,
    port: wholeNumber(values, 'port', 0, 65_535) ?? 4566,
    dataFolder: text(values, 'data-dir') ?? defaultDataFolder(env),
    store: text(values, 'store') ?? 'sqlite',
    sandbox: readSandbox(text(values, 'sandbox')),
    auth,
    hotReloadFolders: texts(values, 'hot-reload'),
    poolSize: wholeNumber(values, 'pool', 0, 64) ?? 4,
    allowedHostPorts: texts(values, 'allow-host-port').map(readPort),
    accountConcurrency: wholeNumber(values, 'account-concurrency', 100, 100_000),
    registry: text(values, 'registry'),
    dockerConfig: join(env['DOCKER_CONFIG'] ?? join(homedir(), '.docker'), 'config.json'),
    fileSystems: texts(values, 'file-system').map(readFileSystem),
    subnets: new Map(texts(values, 'subnet').map(readSubnet)),
    securityGroups: texts(values, 'security-group').map(readSecurityGroup),
    logLevel: readLevel(text(values, 'log-level')),
    searchEnv: env,
  };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function readSandbox(kind: string | undefined): HearthOptions['sandbox'] {
  return kind === 'oci' || kind === 'process' ? kind : 'auto';
}

function readLevel(level: string | undefined): HearthOptions['logLevel'] {
  const known = ['debug', 'info', 'warn', 'error', 'silent'] as const;
  return known.find((name) => name === level) ?? 'warn';
}

function readPort(given: string): number {
  const port = Number(given);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new UsageError(`--allow-host-port takes a port, not '${given}'`);
  return port;
}

function readSubnet(given: string): [string, 'outbound' | 'none'] {
  const [, id = '', network = ''] = /^(subnet-[0-9a-f]{8,17})=(.*)$/.exec(given) ?? [];
  if (network === 'outbound' || network === 'none') return [id, network];
  if (network.startsWith('bridge:'))
    throw new UsageError(`--subnet ${given}: Hearth attaches functions to no bridge yet`);
  throw new UsageError(
    `--subnet takes subnet-, 8 to 17 hexadecimal digits, and =outbound or =none, not '${given}'`,
  );
}

function readSecurityGroup(given: string): string {
  if (/^sg-[0-9a-f]{8,17}$/.test(given)) return given;
  throw new UsageError(`--security-group takes sg- and 8 to 17 hexadecimal digits, not '${given}'`);
}

/** Both spellings of `FileSystemArn` in Lambda's service model. */
const ACCESS_POINT =
  /^arn:aws[a-zA-Z-]*:(elasticfilesystem:[a-z0-9-]+:\d{12}:access-point\/fsap-[a-f0-9]{17}|s3files:[a-z0-9-]+:\d{12}:file-system\/fs-[0-9a-f]{17,40}\/access-point\/fsap-[0-9a-f]{17,40})$/;

function readFileSystem(given: string): HearthOptions['fileSystems'][number] {
  const [, accessPointArn = '', folder = '', readOnly] = /^([^=]+)=(\/.*?)(:ro)?$/.exec(given) ?? [];
  if (!ACCESS_POINT.test(accessPointArn))
    throw new UsageError(
      `--file-system takes the ARN of an access point, '=' and the absolute path of a folder, not '${given}'`,
    );
  return { accessPointArn, folder, readOnly: readOnly !== undefined };
}

/** Resolves when the program is asked to stop. */
export async function stopped(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  // The listener keeps nothing alive, but the server does.
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

/**
 * Under load V8 grows its young generation step by step, up to 96 MiB, and keeps it, for a server whose live objects fit in
 * 16: measured over 200,000 invocations, 223 → 303 MiB resident; without the growth 234 → 239, no slower. The limit itself
 * cannot be set once V8 runs, its growth can.
 */
function boundYoungGeneration(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}
