import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { root } from '../support/hearth.ts';
import { type Finished, run } from '../support/programs.ts';

/** The set-up step in a checkout that holds little more than itself, on a machine that has only what a test puts there. */
let checkout: string;
let programs: string;

const npm = `#!/bin/sh
echo "$@" >> npm-calls
bin="node_modules/node-${process.platform}-${process.arch}/bin"
/bin/mkdir -p "$bin"
echo '{}' > "$bin/../package.json"
/bin/ln -sf "$NODE" "$bin/node"
`;

beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), 'hearth-setup-'));
  cpSync(join(root, 'bin'), join(checkout, 'bin'), { recursive: true });
  programs = join(checkout, 'programs');
  mkdirSync(programs);
  symlinkSync('/bin/sh', join(programs, 'sh'));
  put('src/cli/main.ts', '');
  put('package.json', '{"type":"module"}');
  put('package-lock.json', '{}');
  put('scripts/build.js', BUILD);
  put('programs/npm', npm);
  for (const name of ['runc', 'mkfs.ext4', 'nft', 'pasta', 'python3', 'curl']) put(`programs/${name}`, '');
});

afterEach(() => rmSync(checkout, { recursive: true }));

/** What is built says when it is run. */
const BUILD = `import { mkdirSync, writeFileSync } from 'node:fs';
mkdirSync('dist/cli', { recursive: true });
writeFileSync('dist/.built', '');
writeFileSync('dist/cli/main.js', 'process.stderr.write("ran: " + process.argv.slice(2).join(" ") + "\\\\n")');
`;

function put(path: string, content: string): void {
  mkdirSync(join(checkout, path, '..'), { recursive: true });
  writeFileSync(join(checkout, path), content, { mode: 0o755 });
}

function setUp(): Promise<Finished> {
  const command = [process.execPath, join(checkout, 'bin/setup.js')];
  const env = { PATH: programs, NODE: process.execPath, npm_execpath: '' };
  return run(command, { cwd: checkout, env });
}

function calls(name: string): string {
  const file = join(checkout, `${name}-calls`);
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

test('a fresh checkout gets its packages and is compiled, and says so', async () => {
  const { code, stdout, stderr } = await setUp();
  expect(stdout).toMatch(/^Installing the npm packages, Node\.js 24 among them .*\nCompiling, .*\n$/);
  expect(calls('npm')).toMatch(/^ci --include=dev --include=optional /);
  expect(stderr).toBe('ran: runtimes prepare\n');
  expect(code).toBe(0);
});

test('a second time it installs nothing and says nothing, until the lock file changes', async () => {
  await setUp();
  expect((await setUp()).stdout).toBe('');
  expect(calls('npm').split('\n')).toHaveLength(2);
  put('package-lock.json', '{"changed":true}');
  expect((await setUp()).stdout).toContain('Installing the npm packages');
});

test('where npm fails it says what to mend, and tries again the next time', async () => {
  put('programs/npm', '#!/bin/sh\necho "npm error code ENOTFOUND" >&2\nexit 1\n');
  const { code, stderr } = await setUp();
  expect(code).toBe(1);
  expect(stderr).toMatch(/^npm error code ENOTFOUND\nnpm ci failed, for the reason that npm gives above/);
  put('programs/npm', npm);
  expect((await setUp()).code).toBe(0);
});

test('a program that is missing is named with its use; without a way to install it, set-up goes on', async () => {
  rmSync(join(programs, 'curl'));
  const { code, stdout } = await setUp();
  expect(stdout).toContain('Missing: curl, which is what the shell example calls the Runtime API with.');
  expect(stdout).toContain("Install them with this system's package manager. Going on without;");
  expect(code).toBe(0);
});

test('root without a terminal installs what is missing, others are told the command', async () => {
  rmSync(join(programs, 'curl'));
  put('programs/apt-get', `#!/bin/sh\necho "$@" >> ${checkout}/apt-calls\n`);
  const { code, stdout } = await setUp();
  const command = 'apt-get install -y --no-install-recommends curl';
  expect(code).toBe(0);
  if (process.getuid?.() === 0) {
    expect(stdout).toContain(`Installing: ${command}`);
    expect(calls('apt')).toBe('update -qq\ninstall -y --no-install-recommends curl -qq\n');
  } else {
    expect(stdout).toContain(`To install, as root: ${command}\nGoing on without;`);
    expect(calls('apt')).toBe('');
  }
});
