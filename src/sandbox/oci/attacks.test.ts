import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLog, WallClock } from '../../base/index.ts';
import { parseCgroupMounts } from '../cgroups/layout.ts';
import { ociIsPossible, outcomeOf, outputUntil, shellSpec } from '../sandbox.contract.ts';
import type { SandboxFactory } from '../sandbox.ts';
import { createOciSandboxFactory } from './oci-factory.ts';

const MIB = 1024 * 1024;

/** Makes system calls by number and prints `name: errno`, 0 where a call got through. */
const CALLS = `
import ctypes, errno, sys
libc = ctypes.CDLL(None, use_errno=True)
def call(name, number, *args):
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) for a in args])
    print(name, 'allowed' if result != -1 else errno.errorcode.get(ctypes.get_errno(), '?'))
`;

describe.skipIf(!(await ociIsPossible()))('a hostile command in an OCI sandbox', () => {
  let folder: string;
  let factory: SandboxFactory;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sandbox-attacks-'));
    const stateDir = join(folder, 'state');
    factory = await createOciSandboxFactory({ stateDir, log: createLog('warn'), clock: new WallClock() });
  });
  afterAll(async () => {
    await factory.close();
    rmSync(folder, { recursive: true });
  });

  async function attack(...args: Parameters<typeof shellSpec>) {
    const sandbox = await factory.start(shellSpec(...args));
    const outcome = await outcomeOf(sandbox);
    await sandbox.destroy();
    return outcome;
  }

  /** What bash prints for the script, errors included. */
  async function answer(script: string): Promise<string> {
    return (await attack(`exec 2>&1; ${script}`)).stdout;
  }

  async function python(script: string): Promise<string> {
    const source = join(folder, 'attack');
    mkdirSync(source, { recursive: true });
    writeFileSync(join(source, 'attack.py'), script);
    const outcome = await attack('exec python3 -I -S /var/task/attack.py', {
      mounts: [{ source, target: '/var/task' }],
    });
    return outcome.stdout + outcome.stderr;
  }

  test('has no privilege to begin with', async () => {
    const status = await answer('cat /proc/self/status');
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
      expect(status).toMatch(new RegExp(`^${set}:\\s+0+$`, 'm'));
    }
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
    expect(status).toMatch(/^Seccomp:\s+2$/m);
    expect(status).toMatch(/^Uid:\s+(17|18|19)\d{8}\s/m);
    expect(status).toMatch(/^Groups:[ \t]*$/m);
  });

  test('sees no process but its own', async () => {
    const listing = await answer('for p in /proc/[0-9]*; do tr "\\0" " " <$p/cmdline; echo; done');
    expect(listing.trim().split('\n').length).toBeLessThanOrEqual(3);
    expect(listing).not.toContain('node');
  });

  test('finds descriptors 0 to 3 open and no other', async () => {
    expect(await python('import os; print(sorted(os.listdir("/proc/self/fd"), key=int)[:-1])')).toBe(
      "['0', '1', '2', '3']\n",
    );
  });

  test('cannot look into process 1', async () => {
    expect(
      await answer('ls /proc/1/fd /proc/1/cwd/; cat /proc/1/environ; echo x >/proc/1/fd/4'),
    ).not.toContain('pipe:');
    expect(await answer('ls /proc/1/fd')).toContain('Permission denied');
  });

  test('finds nothing of the host: homes, data folder, other sandboxes, accounts, devices', async () => {
    const stateDir = join(folder, 'state');
    const other = await factory.start(shellSpec('echo secret >/tmp/secret; echo ready; sleep 1000'));
    await outputUntil(other, 'ready');
    const paths = [stateDir, '/root/.bashrc', '/home/*/.*', '/etc/shadow', '/var/lib', '/run/runc', '/sys/*'];
    const disks = [
      '/dev/vda',
      '/dev/sda',
      '/dev/loop*',
      '/dev/mem',
      '/dev/kmsg',
      '/dev/vsock',
      '/run/hearth/*/*',
    ];
    const found = await answer(
      `shopt -s nullglob; for p in ${[...paths, ...disks].join(' ')}; do [ -e "$p" ] && echo "$p"; done`,
    );
    expect(found.replaceAll(/\/run\/hearth\/etc\/\w+\S*\n/g, '')).toBe('');
    expect(await answer('ls -A /tmp /root /home /var /opt /mnt')).not.toMatch(/\w+\.\w+|secret/);
    expect(await answer('cut -d: -f1 /etc/passwd | tr "\\n" " "; hostname; ls /sys 2>&1')).toMatch(
      /^root sbx_user1051 localhost\n/,
    );
    await other.destroy();
  });

  test('writes nowhere but to /tmp and shared memory', async () => {
    const script = `cd /; for d in $(find / -xdev -type d -not -path "/proc/*" 2>/dev/null) /usr /usr/bin /etc /dev /dev/shm /tmp /var /run/hearth; do
      (echo x >$d/probe) 2>/dev/null && echo "$d"; done | sort -u`;
    expect(await answer(script)).toBe('/dev/shm\n/tmp\n');
    expect(await answer('echo x >/etc/passwd; echo x >>/run/hearth/etc/hosts; chmod 777 /var')).not.toBe('');
  });

  test('changes no kernel setting', async () => {
    const script = `for f in $(find /proc/sys /proc/irq /proc/bus /proc/fs -type f 2>/dev/null) /proc/sysrq-trigger /proc/timer_list; do
      (exec 9>>$f) 2>/dev/null && echo "$f"; done`;
    const written = (await answer(script))
      .trim()
      .split('\n')
      .filter((line) => line !== '' && line !== '/proc/timer_list');
    expect(written).toEqual([]);
    expect(
      await answer('cat /proc/kcore /proc/keys /proc/kallsyms /proc/sched_debug | head -c 100'),
    ).not.toMatch(/[0-9a-f]{16}/);
  });

  test('makes no namespace, mount, trace, key, filter program or raw socket', async () => {
    const x64 = process.arch === 'x64';
    const script = `${CALLS}
NEWUSER = 0x10000000
call('ptrace', ${x64 ? 101 : 117}, 0, 0, 0, 0)
call('process_vm_readv', ${x64 ? 310 : 270}, 1, 0, 0, 0, 0, 0)
call('process_vm_writev', ${x64 ? 311 : 271}, 1, 0, 0, 0, 0, 0)
call('mount', ${x64 ? 165 : 40}, 0, 0, 0, 0, 0)
call('umount2', ${x64 ? 166 : 39}, 0, 2)
call('pivot_root', ${x64 ? 155 : 41}, 0, 0)
call('chroot', ${x64 ? 161 : 51}, 0)
call('unshare', ${x64 ? 272 : 97}, NEWUSER)
call('setns', ${x64 ? 308 : 268}, 0, 0)
call('clone-user', ${x64 ? 56 : 220}, NEWUSER | 17, 0, 0, 0, 0)
call('clone-net', ${x64 ? 56 : 220}, 0x40000000 | 17, 0, 0, 0, 0)
call('bpf', ${x64 ? 321 : 280}, 0, 0, 0)
call('keyctl', ${x64 ? 250 : 219}, 0, 0, 0)
call('add_key', ${x64 ? 248 : 217}, 0, 0, 0, 0, 0)
call('request_key', ${x64 ? 249 : 218}, 0, 0, 0, 0)
call('userfaultfd', ${x64 ? 323 : 282}, 0)
call('perf_event_open', ${x64 ? 298 : 241}, 0, 0, 0, 0, 0)
call('io_uring_setup', 425, 0, 0)
call('open_tree', 428, 0, 0, 0)
call('fsopen', 430, 0, 0)
call('pidfd_getfd', 438, 0, 0, 0)
call('mount_setattr', 442, 0, 0, 0, 0, 0)
call('kcmp', ${x64 ? 312 : 272}, 1, 1, 0, 0, 0)
call('name_to_handle_at', ${x64 ? 303 : 264}, 0, 0, 0, 0, 0)
call('open_by_handle_at', ${x64 ? 304 : 265}, 0, 0, 0)
call('init_module', ${x64 ? 175 : 105}, 0, 0, 0)
call('kexec_load', ${x64 ? 246 : 104}, 0, 0, 0, 0)
call('reboot', ${x64 ? 169 : 142}, 0, 0, 0, 0)
call('swapon', ${x64 ? 167 : 224}, 0, 0)
call('syslog', ${x64 ? 103 : 116}, 3, 0, 0)
call('acct', ${x64 ? 163 : 89}, 0)
call('settimeofday', ${x64 ? 164 : 170}, 0, 0)
call('sethostname', ${x64 ? 170 : 161}, 0, 0)
call('quotactl', ${x64 ? 179 : 60}, 0, 0, 0, 0)
call('packet', ${x64 ? 41 : 198}, 17, 3, 0)
call('vsock', ${x64 ? 41 : 198}, 40, 1, 0)
call('alg', ${x64 ? 41 : 198}, 38, 5, 0)
call('netfilter', ${x64 ? 41 : 198}, 16, 3, 12)
call('xfrm', ${x64 ? 41 : 198}, 16, 3, 6)
call('raw', ${x64 ? 41 : 198}, 2, 3, 1)
`;
    const answers = (await python(script)).trim().split('\n');
    expect(answers.length).toBe(40);
    expect(answers.filter((line) => !line.endsWith(' EPERM'))).toEqual([]);
    expect(await python(`${CALLS}\ncall('clone3', 435, 0, 0)`)).toBe('clone3 ENOSYS\n');
  });

  test('keeps the system calls that ordinary programs make', async () => {
    const script = `
import os, socket, threading, tempfile, select, signal, multiprocessing, resource
threading.Thread(target=lambda: None).start()
os.waitpid(os.fork() or os._exit(0), 0)
socket.socketpair(); socket.socket(socket.AF_INET6).close(); socket.if_nameindex()
select.epoll(); multiprocessing.Queue(); os.memfd_create('x'); os.getrandom(8)
tempfile.TemporaryFile().write(b'x'); os.mkfifo('/tmp/fifo'); os.link('/tmp/fifo', '/tmp/link')
print('fine', socket.gethostbyname('localhost'), os.cpu_count() > 0, os.path.expanduser('~'))`;
    expect(await python(script)).toBe('fine 127.0.0.1 True /home/sbx_user1051\n');
  });

  test.skipIf(process.arch !== 'x64')('dies of a call by the 32-bit or x32 interface', async () => {
    const x32 = `${CALLS}\ncall('getpid', 0x40000000 + 39)\nprint('alive')`;
    expect(await python(x32)).not.toContain('allowed');
    const int80 = `import ctypes, mmap
code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(b'\\xb8\\x14\\x00\\x00\\x00\\xcd\\x80\\xc3')  # mov eax, 20 (getpid); int 0x80; ret
run = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
print('got', run() > 0)`;
    expect(await python(int80)).not.toContain('got True');
  });

  test('gains nothing by setuid programs', async () => {
    const found = await answer('find /usr/bin /usr/sbin -perm -4000 -user root 2>/dev/null | head -1');
    expect(await answer('su -c id root </dev/null; sudo -n id; mount; passwd -d root; id -u')).not.toMatch(
      /uid=0|^0$/m,
    );
    const own = await answer('cp /usr/bin/id /tmp/id; chmod 4755 /tmp/id; /tmp/id -u');
    expect(own).toMatch(/^\d{10}\n$/);
    expect(typeof found).toBe('string');
  });

  test('cannot signal what is outside', async () => {
    const script = `${CALLS}
import os, signal
for pid in (${process.pid}, ${process.ppid}):
    try:
        os.kill(pid, 0)
        print('reached', pid)
    except ProcessLookupError:
        print('none')
`;
    expect(await python(script)).toBe('none\nnone\n');
  });

  test('stops a fork bomb at its process limit, and others start meanwhile', async () => {
    const bomb = 'f() { f | f & }; echo ready; f 2>/dev/null; while :; do f 2>/dev/null; done';
    const sandbox = await factory.start(shellSpec(bomb, { pids: 40 }));
    sandbox.limitCpu(0.1);
    await outputUntil(sandbox, 'ready');
    expect((await attack('echo fine')).stdout).toBe('fine\n');
    await sandbox.destroy();
    const counted = await attack(
      'exec 2>/dev/null; n=0; while sleep 1000 & [ -n "$!" ] && n=$((n + 1)) && [ $n -lt 100 ]; do :; done; echo $n',
      { pids: 20 },
    );
    expect(Number(counted.stdout.trim() || 0)).toBeLessThan(20);
  });

  test('is not held back by its share of the CPU when it has to die', async () => {
    const sandbox = await factory.start(shellSpec('echo ready; exec sleep 1000'));
    await outputUntil(sandbox, 'ready');
    sandbox.limitCpu(0.05);
    // What is frozen does not die yet, so that its control group can be looked at.
    sandbox.freeze();
    expect(cpuLimit(sandbox.id)).toMatch(/^1000\b/);
    sandbox.signal('SIGKILL');
    expect(cpuLimit(sandbox.id)).toMatch(/^(-1|max)\b/);
    await sandbox.destroy();
  });

  test('is killed alone for memory beyond its limit, and that is reported', async () => {
    const neighbour = await factory.start(shellSpec('echo ready; exec sleep 1000'));
    await outputUntil(neighbour, 'ready');
    const hog = 'exec perl -e \'my @a; push @a, "x" x 1048576 while 1\'';
    const outcome = await attack(hog, { memoryBytes: 128 * MIB });
    expect(outcome.exit).toEqual({ signal: 'SIGKILL', outOfMemory: true });
    const shell = await attack('perl -e \'my @a; push @a, "x" x 1048576 while 1\'; exit $?', {
      memoryBytes: 128 * MIB,
    });
    expect(shell.exit).toEqual({ exitCode: 137, outOfMemory: true });
    expect((await attack('kill -9 $$')).exit).toEqual({ signal: 'SIGKILL', outOfMemory: false });
    neighbour.signal('SIGTERM');
    expect(await outcomeOf(neighbour)).toMatchObject({ exit: { signal: 'SIGTERM', outOfMemory: false } });
  });

  test('measures the memory it used, page cache aside', async () => {
    const sandbox = await factory.start(
      shellSpec(
        'head -c 300M /dev/zero >/tmp/cached; perl -e \'my $x = "x" x (100 << 20); print "ready\\n"; $| = 1; sleep 1000\'',
        {
          memoryBytes: 1024 * MIB,
        },
      ),
    );
    await outputUntil(sandbox, 'ready');
    const { memoryPeakBytes } = sandbox.usage();
    await sandbox.destroy();
    expect(memoryPeakBytes).toBeGreaterThan(100 * MIB);
    expect(memoryPeakBytes).toBeLessThan(300 * MIB);
  });

  test('fills its /tmp to the size that was asked for and no further, without touching its memory', async () => {
    const script = 'head -c 2G /dev/zero >/tmp/bomb; stat -c %s /tmp/bomb; echo fine';
    const { stdout, stderr, exit } = await attack(script, { memoryBytes: 128 * MIB, tmpBytes: 512 * MIB });
    expect(stderr).toContain('No space left on device');
    const [size, last] = stdout.trim().split('\n');
    expect(Number(size)).toBeGreaterThan(500 * 1e6);
    expect(Number(size)).toBeLessThan(560 * MIB);
    expect(last).toBe('fine');
    expect(exit).toEqual({ exitCode: 0, outOfMemory: false });
  });

  test('gets as much /tmp as was asked for', async () => {
    const { stdout } = await attack('df --output=avail -B1 /tmp | tail -1', { tmpBytes: 1024 * MIB });
    expect(Number(stdout)).toBeGreaterThanOrEqual(1024 * MIB);
    expect(Number(stdout)).toBeLessThan(1100 * MIB);
  });

  test('opens no more files than its limit, and cannot raise it', async () => {
    const { stdout } = await attack('ulimit -Hn; ulimit -Sn; ulimit -n 4096 2>/dev/null || echo refused', {
      openFiles: 200,
    });
    expect(stdout).toBe('200\n200\nrefused\n');
  });

  test('has no way to its control group', async () => {
    const script =
      'ls /sys/fs/cgroup; grep -c " - cgroup" /proc/self/mountinfo; mkdir /tmp/cg; cat /proc/self/cgroup >/dev/null; echo end';
    expect(await answer(script)).toMatch(/No such file or directory\n0\nend\n$/);
  });

  test('leaves no daemon behind', async () => {
    const before = countProcesses('sleep 98765');
    const script =
      '(setsid setsid sh -c "trap : TERM HUP INT; sleep 98765 & sleep 98765" &) & echo ready; exit 0';
    const outcome = await attack(script);
    expect(outcome.exit).toEqual({ exitCode: 0, outOfMemory: false });
    expect(countProcesses('sleep 98765')).toBe(before);
  });

  test('reaps orphans, so that they do not fill the process limit', async () => {
    const script =
      'for i in $(seq 100); do (sh -c ":" &); done; while pgrep -x sh >/dev/null; do :; done; echo fine';
    expect((await attack(script, { pids: 30 })).stdout).toBe('fine\n');
  });

  test('runs as another user than its neighbour', async () => {
    const [first, second] = await Promise.all([attack('id -u'), attack('id -u')]);
    expect(first.stdout).not.toBe(second.stdout);
  });

  test('gets more than its share of the CPU withheld', async () => {
    const sandbox = await factory.start(shellSpec('trap "echo term" TERM; echo ready; while :; do :; done'));
    await outputUntil(sandbox, 'ready');
    sandbox.limitCpu(0.05);
    // Each round trip through the busy command takes it several periods of 20 ms.
    sandbox.signal('SIGTERM');
    await outputUntil(sandbox, 'term');
    await attack('for ((i = 0; i < 100000; i++)); do :; done');
    expect(throttledPeriods(sandbox.id)).toBeGreaterThan(0);
    sandbox.limitCpu(undefined);
    await sandbox.destroy();
  });
});

/** From the control group's `cpu.stat`, which both versions have. */
function throttledPeriods(id: string): number {
  const stat = readFileSync(join(cpuGroup(id).folder, 'cpu.stat'), 'utf8');
  return Number(/^nr_throttled (\d+)$/m.exec(stat)?.[1]);
}

/** Microseconds in each period; -1 or max for no limit. */
function cpuLimit(id: string): string {
  const { folder, version } = cpuGroup(id);
  return readFileSync(join(folder, version === 2 ? 'cpu.max' : 'cpu.cfs_quota_us'), 'utf8').trim();
}

function cpuGroup(id: string): { readonly folder: string; readonly version: number | undefined } {
  const mounts = parseCgroupMounts(readFileSync('/proc/self/mountinfo', 'utf8'));
  const mount = (mounts?.version === 2 ? mounts.unified : mounts?.controllers.get('cpu')) ?? '';
  const parent = readdirSync(mount).find((name) => existsSync(join(mount, name, id))) ?? '';
  return { folder: join(mount, parent, id), version: mounts?.version };
}

function countProcesses(command: string): number {
  const listing = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
  return listing.split('\n').filter((line) => line.trim() === command).length;
}
