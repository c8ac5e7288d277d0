import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { root } from './hearth.ts';
import { run } from './programs.ts';

/** Where builds are kept from one run to the next; not under version control. */
const cache = join(root, '.cache/vendors');
export const sources = join(root, 'tests/vendors/functions');

/** A folder made once for each state of what it is made from. */
interface Build {
  readonly name: string;
  /** What it depends on beside the sources in `tests/vendors/functions/<name>`. */
  readonly versions: string;
  /** Runs programs that leave the result in `folder`, which holds the sources at first. */
  readonly steps: (folder: string) => readonly Step[];
}

interface Step {
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export type VendorBuild = keyof typeof builds;

/** Go: 14 s on two cores when nothing is cached yet; Rust: 17 s; AWS's client for Node.js, which compiles libcurl: 77 s. */
const builds = {
  go: {
    name: 'go',
    versions: '',
    steps: () => [
      {
        command: ['go', 'build', '-tags', 'lambda.norpc', '-o', 'bootstrap', '.'],
        env: { CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false', GOCACHE: join(cache, 'go-cache') },
      },
    ],
  },
  rust: {
    name: 'rust',
    versions: '',
    steps: (folder) => [
      {
        command: ['cargo', 'build', '--quiet'],
        env: { CARGO_TARGET_DIR: join(cache, 'rust-target') },
      },
      { command: ['cp', join(cache, 'rust-target/debug/bootstrap'), folder] },
    ],
  },
  'aws-lambda-ric': {
    name: 'aws-lambda-ric',
    versions: '4.0.2',
    steps: (folder) => [
      {
        command: ['npm', 'install', '--no-audit', '--no-fund', '--prefix', folder, 'aws-lambda-ric@4.0.2'],
        // Its native part is compiled by install scripts, for the Node.js that the tests run on.
        env: { npm_config_ignore_scripts: 'false' },
      },
    ],
  },
} as const satisfies Record<string, Build>;

/** The folder of a build, built if it is not there yet. Rejects with what the failing program printed. */
export async function vendorBuild(which: VendorBuild): Promise<string> {
  const { name, versions, steps }: Build = builds[which];
  const source = join(sources, name);
  const folder = join(cache, `${name}-${digest(source, versions)}`);
  if (existsSync(folder)) return folder;
  const staging = `${folder}.${process.pid}`;
  mkdirSync(staging, { recursive: true });
  try {
    if (existsSync(source)) cpSync(source, staging, { recursive: true });
    for (const { command, env = {} } of steps(staging)) {
      const { code, stdout, stderr } = await run(command, { env, cwd: staging });
      if (code !== 0) throw new Error(`${command.join(' ')}: ${stdout}${stderr}`);
    }
    if (!existsSync(folder)) renameSync(staging, folder);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
  return folder;
}

function digest(source: string, versions: string): string {
  const hash = createHash('sha256').update(versions);
  const names = existsSync(source) ? readdirSync(source, { recursive: true, withFileTypes: true }) : [];
  for (const entry of names) {
    if (entry.isFile()) hash.update(readFileSync(join(entry.parentPath, entry.name)));
  }
  return hash.digest('hex').slice(0, 12);
}

export function isOnPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));
}

if (import.meta.main) {
  for (const which of Object.keys(builds) as VendorBuild[]) {
    console.log(`Building ${which} for the tests of vendors' libraries`);
    await vendorBuild(which);
  }
}
