// Sets a checkout up: npm packages (Node.js 24 among them), Debian packages for isolation, compiled sources, AWS SDKs for
// functions. Says what it installs and why; does nothing that an unchanged checkout has had before. Plain JavaScript for Node.js 18.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { findEntry, findNode, packageRoot } from './launcher.js';

/** Programs that come with Debian packages, and what Hearth does with them. */
const systemPackages = [
  { name: 'runc', program: 'runc', why: 'isolates and limits functions' },
  { name: 'e2fsprogs', program: 'mkfs.ext4', why: 'gives each environment a /tmp of its size' },
  { name: 'nftables', program: 'nft', why: 'keeps environments apart on the network' },
  { name: 'passt', program: 'pasta', why: 'gives functions outbound traffic' },
  { name: 'python3', program: 'python3', why: 'runs Python functions' },
  { name: 'curl', program: 'curl', why: 'is what the shell example calls the Runtime API with' },
];

const stampFile = join(packageRoot, 'node_modules', '.hearth-setup');

const NPM_FAILED = `npm ci failed, for the reason that npm gives above. Nothing else was changed.
Hearth's packages come from the registry that "npm config get registry" names; behind a proxy, set
https_proxy. Once "npm ci" works in this folder, start again.`;

const GOING_ON = 'Going on without; "node bin/hearth.js doctor" says what that means.';

await main();

async function main() {
  if (!existsSync(join(packageRoot, 'src'))) return;
  installNpmPackages();
  await installSystemPackages();
  compile();
  provideLibraries();
}

/** `npm ci` whenever the lock file is another one than at the last time. */
function installNpmPackages() {
  const lock = createHash('sha256')
    .update(readFileSync(join(packageRoot, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === lock) return;
  say('Installing the npm packages, Node.js 24 among them (npm ci, up to a minute) …');
  const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ['npm'];
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error', '--no-update-notifier'];
  // The compiler is a development dependency, Node.js 24 an optional one: settings of the user's may leave both out.
  run([...npm, 'ci', '--include=dev', '--include=optional', ...quiet], NPM_FAILED);
  if (!findNode())
    fail(`npm has no Node.js 24 for ${process.platform} on ${process.arch}: install it yourself.`);
  writeFileSync(stampFile, lock);
}

async function installSystemPackages() {
  const missing = systemPackages.filter(({ program }) => !onPath(program));
  if (missing.length === 0 || process.platform !== 'linux') return;
  const command = `apt-get install -y --no-install-recommends ${missing.map(({ name }) => name).join(' ')}`;
  for (const { name, why } of missing) say(`Missing: ${name}, which ${why}.`);
  if (!onPath('apt-get')) {
    say(`Install them with this system's package manager. ${GOING_ON}`);
  } else if (process.getuid() !== 0) {
    say(`To install, as root: ${command}\n${GOING_ON}`);
  } else if (await agreed(command)) {
    say(`Installing: ${command}`);
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    spawnSync('apt-get', ['update', '-qq'], { stdio: ['ignore', 'ignore', 'inherit'], env });
    const done = spawnSync('sh', ['-c', `${command} -qq >/dev/null`], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env,
    });
    if (done.status !== 0) say(`apt-get failed. ${GOING_ON}`);
  } else {
    say(`To install later: ${command}\n${GOING_ON}`);
  }
}

/** On a terminal somebody can be asked; elsewhere (CI, a script) root has said what it wants by starting this. */
async function agreed(command) {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return true;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  terminal.on('SIGINT', () => process.exit(130));
  // Ctrl-D rejects.
  const answer = await terminal.question(`Run "${command}"? [Y/n] `).catch(() => 'no');
  terminal.close();
  return /^(y|yes|)$/i.test(answer.trim());
}

/** TypeScript would be stripped at each start. */
function compile() {
  if (findEntry().endsWith('.js')) return;
  say('Compiling, so that it starts three times as fast …');
  const node = findNode() ?? process.execPath;
  run([node, join(packageRoot, 'scripts', 'build.js')], 'the build failed');
}

/** boto3 and the AWS SDK for JavaScript, which functions find in /var/runtime as on AWS. */
function provideLibraries() {
  const node = findNode();
  if (node) spawnSync(node, [findEntry(), 'runtimes', 'prepare'], { stdio: ['ignore', 'ignore', 'inherit'] });
}

function run(command, failure) {
  const [program, ...args] = command;
  const done = spawnSync(program, args, { cwd: packageRoot, stdio: ['ignore', 'inherit', 'inherit'] });
  // Ctrl-C went to the program as well.
  if (done.signal) process.exit(130);
  if (done.status !== 0) fail(done.error ? `${failure}\n${done.error.message}` : failure);
}

function fail(reason) {
  process.stderr.write(`${reason}\n`);
  process.exit(1);
}

function onPath(program) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => existsSync(join(folder, program)));
}

function say(text) {
  process.stdout.write(`${text}\n`);
}
