import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { run } from './programs.ts';

/** Debian's `docker-registry` (the distribution project's) and the tools that make and move images. */
export const imageTools = ['docker-registry', 'skopeo', 'umoci', 'busybox'].every((name) =>
  existsSync(`/usr/bin/${name}`),
);

/** A real registry on a free port of this machine, over a fresh folder. */
export interface RunningRegistry {
  /** `127.0.0.1:port`. */
  readonly host: string;
  /** Copies an image of an OCI layout (`folder:tag`) to `name:tag`, with every image of an index. */
  push(image: string, name: string): Promise<void>;
  stop(): Promise<void>;
}

/** With `login` (`user:password`) it takes Basic credentials and nothing else. */
export async function startRegistry(login?: string): Promise<RunningRegistry> {
  const folder = mkdtempSync(join(tmpdir(), 'hearth-registry-'));
  const config = join(folder, 'config.json');
  writeFileSync(config, JSON.stringify(await configuration(folder, login)));
  const server = spawn('/usr/bin/docker-registry', ['serve', config], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const host = await listening(server);
  const credentials = login === undefined ? [] : [`--dest-creds=${login}`];
  return {
    host,
    push: async (image, name) => {
      const target = `docker://${host}/${name}`;
      const copy = [
        'skopeo',
        'copy',
        '--all',
        '--dest-tls-verify=false',
        '--insecure-policy',
        ...credentials,
      ];
      const { code, stderr } = await run([...copy, `oci:${image}`, target]);
      if (code !== 0) throw new Error(`skopeo: ${stderr}`);
    },
    stop: async () => {
      server.kill('SIGKILL');
      if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The registry reads YAML, of which JSON is a part. */
async function configuration(folder: string, login: string | undefined): Promise<object> {
  const settings = {
    version: '0.1',
    log: { level: 'info', formatter: 'json' },
    storage: { filesystem: { rootdirectory: join(folder, 'data') }, delete: { enabled: true } },
    http: { addr: '127.0.0.1:0' },
  };
  if (login === undefined) return settings;
  const [user = '', password = ''] = login.split(':');
  const path = join(folder, 'htpasswd');
  const script =
    'import crypt,sys; print(sys.argv[1] + ":" + crypt.crypt(sys.argv[2], crypt.mksalt(crypt.METHOD_BLOWFISH)))';
  const { stdout, stderr } = await run(['/usr/bin/python3', '-W', 'ignore', '-c', script, user, password]);
  if (stdout === '') throw new Error(stderr);
  writeFileSync(path, stdout);
  return { ...settings, auth: { htpasswd: { realm: 'test', path } } };
}

async function listening(server: ChildProcess): Promise<string> {
  if (!server.stderr) throw new Error('no output');
  const printed: string[] = [];
  for await (const line of createInterface({ input: server.stderr })) {
    printed.push(line);
    const host = /listening on (127\.0\.0\.1:\d+)/.exec(line)?.[1];
    if (host !== undefined) {
      server.stderr.resume();
      return host;
    }
  }
  throw new Error(`docker-registry ended:\n${printed.join('\n')}`);
}
