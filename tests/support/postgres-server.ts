import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import postgres from 'postgres';

const installations = '/usr/lib/postgresql';

/** Where Debian puts the programs of its newest PostgreSQL; undefined where there is none. */
export function findPostgres(): string | undefined {
  const versions = existsSync(installations) ? readdirSync(installations) : [];
  const folders = versions
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(installations, version, 'bin'));
  return folders.find((folder) => existsSync(join(folder, 'initdb')));
}

/** A PostgreSQL server of a test's own, with nothing of it left after `stop`. */
export class PostgresServer {
  readonly #folder: string;
  readonly #process: ChildProcess;
  /** Without a database. */
  readonly url: string;
  #databases = 0;

  private constructor(folder: string, process: ChildProcess, url: string) {
    this.#folder = folder;
    this.#process = process;
    this.url = url;
  }

  static async start(programs: string): Promise<PostgresServer> {
    const folder = mkdtempSync(join(tmpdir(), 'hearth-postgres-'));
    giveToPostgres(folder);
    const data = join(folder, 'data');
    // A collation by language, as most installations have: text must come back in the order of its bytes all the same.
    const locale = ['--encoding=UTF8', '--locale-provider=icu', '--icu-locale=en', '--locale=C.UTF-8'];
    const initdb = [
      join(programs, 'initdb'),
      '-D',
      data,
      '-A',
      'trust',
      '-U',
      'hearth',
      '--no-sync',
      ...locale,
    ];
    const [program = '', ...args] = asPostgres(initdb);
    execFileSync(program, args, { cwd: folder, stdio: 'ignore' });
    const port = await freePort();
    // The tests kill clients, never the server, which may therefore save itself the disk.
    const options = ['-D', data, '-k', folder, '-h', '127.0.0.1', '-p', String(port), '-c', 'fsync=off'];
    const [server = '', ...serverArgs] = asPostgres([join(programs, 'postgres'), ...options]);
    const child = spawn(server, serverArgs, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
    await untilReady(child);
    return new PostgresServer(folder, child, `postgres://hearth@127.0.0.1:${port}`);
  }

  /** The address of a new, empty database. */
  async createDatabase(): Promise<string> {
    const name = `test_${++this.#databases}`;
    const admin = postgres(`${this.url}/postgres`, { max: 1 });
    await admin.unsafe(`CREATE DATABASE ${name}`);
    await admin.end();
    return `${this.url}/${name}`;
  }

  async stop(): Promise<void> {
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGINT');
    await exited;
    rmSync(this.#folder, { recursive: true });
  }
}

/** PostgreSQL refuses to run as root. */
function asPostgres(command: readonly string[]): readonly string[] {
  if (process.getuid?.() !== 0) return command;
  return ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups', ...command];
}

function giveToPostgres(folder: string): void {
  if (process.getuid?.() !== 0) return;
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  chownSync(folder, id('-u'), id('-g'));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

async function untilReady(child: ChildProcess): Promise<void> {
  const said: string[] = [];
  if (!child.stderr) throw new Error('PostgreSQL was started without a pipe for its messages');
  for await (const line of createInterface({ input: child.stderr })) {
    said.push(line);
    if (line.includes('database system is ready to accept connections')) break;
  }
  if (child.exitCode !== null) throw new Error(`PostgreSQL did not start:\n${said.join('\n')}`);
  child.stderr.resume();
}
