import { randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { programsOf, remainsOf } from '../../../../tests/support/sandbox-remains.ts';
import { createLog, WallClock } from '../../../base/index.ts';
import { ociIsPossible, outcomeOf } from '../../sandbox.contract.ts';
import type { Sandbox, SandboxFactory, SandboxForks, SandboxForkSpec } from '../../sandbox.ts';
import { layoutOf } from '../layout.ts';
import { createOciSandboxFactory } from '../oci-factory.ts';

const MIB = 1024 * 1024;

/** Forks at each line that comes over the socket; the fork runs the code that it is sent over a socket of its own. */
const TEMPLATE = `
import os, random, socket, sys
def connect():
    s = socket.socket(socket.AF_UNIX)
    s.connect('/run/hearth/runtime.sock')
    return s, s.makefile('r')
state = random.random()
INIT
s, lines = connect()
while True:
    s.sendall(b'waiting\\n')
    lines.readline()
    if os.fork() == 0: break
s, lines = connect()
exec(lines.read())
`;

/** Who is inside may go at any time. */
function quiet(socket: Socket): Socket {
  return socket.on('error', () => socket.destroy());
}

const possible = await ociIsPossible();

describe.skipIf(!possible)('forks of an OCI sandbox', () => {
  let folder: string;
  let factory: SandboxFactory;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sandbox-forks-'));
    factory = await createOciSandboxFactory({
      stateDir: folder,
      log: createLog('error'),
      clock: new WallClock(),
    });
  });
  afterEach(async () => {
    await factory.close();
    expect(remainsOf(layoutOf(folder, '/run/hearth'))).toEqual([]);
    rmSync(folder, { recursive: true });
  });

  function forks(): SandboxForks {
    if (!factory.forks) throw new Error(factory.capabilities.cannotFork);
    return factory.forks;
  }

  const common = () => ({
    id: `t-${randomBytes(4).toString('hex')}`,
    tmpBytes: 64 * MIB,
    memoryBytes: 128 * MIB,
    pids: 64,
    listeners: [],
  });

  /** A template that waits; `init` is what it does before. */
  async function template(init = ''): Promise<{ sandbox: Sandbox; letFork: () => void }> {
    const waiting = Promise.withResolvers<Socket>();
    const sandbox = await factory.start({
      ...common(),
      program: () => ({
        command: ['/usr/bin/python3', '-c', TEMPLATE.replace('INIT', init)],
        env: {},
        cwd: '/tmp',
      }),
      mounts: [],
      openFiles: 1024,
      forkable: true,
      onRuntimeSocket: (socket) => quiet(socket).once('data', () => waiting.resolve(socket)),
    });
    sandbox.stderr.pipe(process.stderr);
    const socket = await waiting.promise;
    sandbox.freeze();
    return { sandbox, letFork: () => void socket.write('fork\n') };
  }

  /** A fork that runs `code`. */
  function start(
    from: Awaited<ReturnType<typeof template>>,
    code: string,
    changes: Partial<SandboxForkSpec> = {},
  ): Promise<Sandbox> {
    const onRuntimeSocket = (socket: Socket): void => void quiet(socket).end(code);
    return forks().fork(from.sandbox, { ...common(), onRuntimeSocket, ...changes }, from.letFork);
  }

  /** What a fork that runs `code` makes of it. */
  async function run(from: Awaited<ReturnType<typeof template>>, code: string) {
    const fork = await start(from, code);
    const outcome = await outcomeOf(fork);
    await fork.destroy();
    return outcome;
  }

  test('go on from the same state, with randomness of their own', async () => {
    const from = await template();
    const code = 'print(state, random.random(), os.urandom(8).hex())';
    const outcomes = [await run(from, code), await run(from, code)];
    for (const { exit, stderr } of outcomes)
      expect({ exit, stderr }).toMatchObject({ exit: { exitCode: 0 }, stderr: '' });
    const [one, other] = outcomes.map(({ stdout }) => stdout.trim().split(' '));
    expect(one?.[0]).toBe(other?.[0]);
    expect(one?.[1]).not.toBe(other?.[1]);
    expect(one?.[2]).not.toBe(other?.[2]);
  });

  test('have no privilege, and namespaces of their own', async () => {
    const namespaces = `
for name in 'user pid mnt net ipc uts'.split(): print('ns', name, os.readlink('/proc/self/ns/' + name), flush=True)`;
    const from = await template(namespaces);
    const { stdout } = await run(
      from,
      `print(open('/proc/self/status').read())
print('processes', [p for p in os.listdir('/proc') if p.isdigit()])
print('user', os.getuid() == os.stat('/proc/self').st_uid, open('/etc/hostname').read().strip())
print('parent', os.getppid())
${namespaces}
print('kmsg', os.stat('/proc/kmsg').st_rdev == os.stat('/dev/null').st_rdev)
try: open('/proc/sys/kernel/hostname', 'w')
except OSError as e: print('sysctl', e.errno)`,
    );
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
      expect(stdout).toMatch(new RegExp(`^${set}:\\s+0+$`, 'm'));
    }
    expect(stdout).toMatch(/^NoNewPrivs:\s+1$/m);
    expect(stdout).toMatch(/^Seccomp:\s+2$/m);
    expect(stdout).toMatch(/^Seccomp_filters:\s+1$/m);
    expect(stdout).toContain("processes ['1']\n");
    expect(stdout).toContain('user True localhost\n');
    expect(stdout).toContain('parent 0\n');
    expect(stdout).toContain('kmsg True\n');
    expect(stdout).toContain('sysctl 30\n');
    const ofTemplate = String(from.sandbox.stdout.read()).trim().split('\n');
    const own = [...stdout.matchAll(/^ns .*$/gm)].map(([line]) => line);
    expect(ofTemplate).toHaveLength(6);
    for (const namespace of ofTemplate) expect(own).not.toContain(namespace);
  });

  test('each have a copy of /tmp, and files open at the same place', async () => {
    const from = await template(`
os.mkdir('/tmp/deep')
written = open('/tmp/deep/file', 'w+')
written.write('one two')
written.flush()
written.seek(4)
codes = open('/etc/protocols')
first = codes.readline()
place = os.lseek(codes.fileno(), 0, 1)
void = open('/dev/null', 'w')`);
    const code = `
print(written.read(), sorted(os.listdir('/tmp')))
written.write(' mine')
written.flush()
print(open('/tmp/deep/file').read())
print(os.lseek(codes.fileno(), 0, 1) == place)
os.lseek(codes.fileno(), 0, 0)
open('/tmp/own', 'w')`;
    const expected = "two ['deep']\none two mine\nTrue\n";
    expect((await run(from, code)).stdout).toBe(expected);
    expect((await run(from, code)).stdout).toBe(expected);
  });

  test('find the connections of the template cut, and everything else of it closed', async () => {
    const from = await template(`
left, right = socket.socketpair()
tcp = socket.socket()`);
    const { stdout } = await run(
      from,
      `
for one in (left, right, tcp):
    try: print(one.family.name, one.send(b'x'))
    except OSError as e: print(type(e).__name__, e.errno)
print(sorted(int(fd) for fd in os.listdir('/proc/self/fd')) [:4])`,
    );
    expect(stdout).toBe('OSError 107\nOSError 107\nBrokenPipeError 32\n[0, 1, 2, 3]\n');
  });

  test.each([
    [
      'a thread',
      'import threading, time; threading.Thread(target=time.sleep, args=(1000,)).start()',
      /runs 2 threads/,
    ],
    ['an epoll instance', 'import select; e = select.epoll()', /eventpoll/],
    ['a pipe', 'p = os.pipe()', /pipe:/],
    ['shared memory', 'import mmap; m = mmap.mmap(-1, 4096)', /shared memory/],
    [
      'a shared file',
      "f = open('/tmp/f', 'w+b'); f.write(b'x' * 4096); f.flush(); import mmap; m = mmap.mmap(f.fileno(), 4096)",
      /shared memory \(\/tmp\/f\)/,
    ],
    ['a deleted file', "f = open('/tmp/f', 'w'); os.unlink('/tmp/f')", /deleted/],
    [
      'another process',
      "import subprocess; subprocess.Popen(['/bin/sleep', '1000'])",
      /beside 1 other process$/,
    ],
  ])('are not made of a template that has %s', async (_, init, reason) => {
    const { sandbox } = await template(init);
    expect(forks().obstaclesTo(sandbox).join('; ')).toMatch(reason);
  });

  test('are looked at again when they are born: a template may change', async () => {
    const from = await template(`
import threading, time
class Late:
    def readline(self):
        line = lines.readline()
        self.pipe = os.pipe()
        return line
os.register_at_fork(before=lambda: setattr(os, 'late', os.pipe()))`);
    expect(forks().obstaclesTo(from.sandbox)).toEqual([]);
    await expect(run(from, 'print(1)')).rejects.toMatchObject({
      fault: 'command',
      message: expect.stringContaining('pipe:'),
    });
  });

  test('cannot make namespaces, and neither can their template', async () => {
    const attack = `
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
for flags in (0x01200011 + 0x7c028000, 0x10000011, 0x7c020011):
    print(libc.syscall(56, ctypes.c_long(flags), 0, 0, 0, 0), ctypes.get_errno(), flush=True)
print(libc.unshare(0x10000000), ctypes.get_errno(), flush=True)
print(libc.ptrace(16, 1, 0, 0), ctypes.get_errno(), flush=True)`;
    const refused = '-1 38\n-1 1\n-1 1\n-1 1\n-1 1\n';
    const from = await template(attack);
    expect((await run(from, attack)).stdout).toBe(refused);
    const written = from.sandbox.stdout.read() as Buffer | null;
    expect(String(written)).toBe(refused);
  });

  test('are killed alone when they use too much memory', async () => {
    const from = await template("ballast = 'x' * 30_000_000");
    const living = await start(from, 'import time; print(len(ballast), flush=True); time.sleep(1000)');
    const greedy = await run(from, 'a = bytearray(200_000_000)');
    expect(greedy.exit).toMatchObject({ signal: 'SIGKILL', outOfMemory: true });
    expect((await run(from, 'print(len(ballast))')).stdout).toBe('30000000\n');
    living.signal('SIGKILL');
    expect((await outcomeOf(living)).exit).toEqual({ signal: 'SIGKILL', outOfMemory: false });
  });

  test('have processes bounded, their own listeners, and end with an exit code', async () => {
    const from = await template();
    const connected = Promise.withResolvers<string>();
    const code = `
socket.create_connection(('169.254.100.1', 9001)).sendall(b'hello')
made = 0
try:
    while made < 100:
        if os.fork() == 0: sys.stdin.read(); __import__('time').sleep(1000)
        made += 1
except BlockingIOError: os._exit(made)`;
    const onConnection = (socket: Socket): void =>
      void quiet(socket).once('data', (data) => connected.resolve(String(data)));
    const listeners = [{ host: '169.254.100.1', port: 9001, onConnection }];
    const fork = await start(from, code, { listeners });
    expect(await connected.promise).toBe('hello');
    expect(await fork.exited).toEqual({ exitCode: 63, outOfMemory: false });
    await fork.destroy();
  });

  test('live on when their template is destroyed, and a frozen one is destroyed', async () => {
    const from = await template();
    const fork = await start(
      from,
      "print(sys.stdin.read(), open('/etc/hosts').read() != '', flush=True); import time; time.sleep(1000)",
    );
    await from.sandbox.destroy();
    for await (const chunk of fork.stdout.iterator({ destroyOnReturn: false })) {
      expect(String(chunk)).toBe(' True\n');
      break;
    }
    fork.freeze();
    await fork.destroy();
  });

  test('are swept, with their template and what forked them, after the server was killed', async () => {
    const stateDir = join(folder, 'crashed');
    const script = `
      import { createLog, WallClock } from '${join(import.meta.dirname, '../../../base/index.ts')}';
      import { createOciSandboxFactory } from '${join(import.meta.dirname, '../oci-factory.ts')}';
      const factory = await createOciSandboxFactory({ stateDir: '${stateDir}', log: createLog('error'), clock: new WallClock() });
      const limits = { tmpBytes: 64 << 20, memoryBytes: 128 << 20, pids: 64, listeners: [] };
      const waiting = Promise.withResolvers();
      const template = await factory.start({
        ...limits, id: 'template', mounts: [], openFiles: 1024, forkable: true,
        program: () => ({ command: ['/usr/bin/python3', '-c', process.argv[1]], env: {}, cwd: '/tmp' }),
        onRuntimeSocket: (socket) => socket.on('error', () => 0).once('data', () => waiting.resolve(socket)),
      });
      const socket = await waiting.promise;
      const onRuntimeSocket = (own) => own.on('error', () => 0).end("print('runs', flush=True); import time; time.sleep(424242)");
      const fork = await factory.forks.fork(template, { ...limits, id: 'fork', onRuntimeSocket }, () => socket.write('go\\n'));
      await new Promise((resolve) => fork.stdout.once('data', resolve));
      console.log('started');
      setInterval(() => undefined, 1000);`;
    const args = ['--input-type=module', '-e', script, '--', TEMPLATE.replace('INIT', '')];
    const server = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(server.stdout, 'data');
    const layout = layoutOf(stateDir, '/run/hearth');
    expect(programsOf(layout).filter((line) => line.startsWith(layout.forkPath))).toHaveLength(1);
    server.kill('SIGKILL');
    await once(server, 'exit');
    const next = await createOciSandboxFactory({ stateDir, log: createLog('error'), clock: new WallClock() });
    const { removed } = await next.sweep();
    expect(removed).toEqual(expect.arrayContaining(['template', 'fork']));
    expect(remainsOf(layout)).toEqual([]);
    await next.close();
    await expect.poll(() => programsOf(layout)).toEqual([]);
  });
});
