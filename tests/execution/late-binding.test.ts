import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import type { FunctionVersion } from '../../src/model/index.ts';
import { MachineRuntimes } from '../../src/runtimes/index.ts';
import { thisMachine } from '../support/interpreters.ts';
import { type Files, PoolHarness } from '../support/pool-harness.ts';
import { needs, programs } from '../support/programs.ts';

/** A function that tells everything that it can see of its environment sees the same, however that was started. */
const test = needs(programs.runc !== undefined && process.getuid?.() === 0, 'runc, as root');

/** Every runtime of ours that this machine has an interpreter for. */
const folder = mkdtempSync(join(tmpdir(), 'hearth-found-'));
const found = await new MachineRuntimes(thisMachine(folder)).list();
rmSync(folder, { recursive: true });
const available = found
  .filter(({ interpreter }) => interpreter)
  .map(({ identifier }) => identifier)
  .filter((identifier) => /^(nodejs|python)/.test(identifier));

const NODE = `
const fs = require('fs'), os = require('os'), v8 = require('v8'), { execFileSync } = require('child_process');
const Module = require('module');
const read = (path) => { try { return fs.readFileSync(path, 'utf8'); } catch (error) { return error.code; } };
const list = (path) => { try { return fs.readdirSync(path).sort(); } catch (error) { return error.code; } };
const atLoad = Object.entries(process.env);
exports.handler = async (event, context) => ({
  atLoad, environment: Object.entries(process.env),
  childEnvironment: execFileSync('/usr/bin/env', { encoding: 'utf8' }).split('\\n'),
  argv: process.argv, execArgv: process.execArgv, execPath: process.execPath, title: process.title,
  cmdline: read('/proc/self/cmdline'), cwd: process.cwd(), cwdLink: fs.readlinkSync('/proc/self/cwd'),
  parent: process.ppid, ids: [process.getuid(), process.getgid(), process.getgroups()], umask: process.umask(),
  descriptors: fs.readdirSync('/proc/self/fd').map((fd) => { try { return fd + ' ' + fs.readlinkSync('/proc/self/fd/' + fd); } catch { return fd; } }),
  status: read('/proc/self/status').split('\\n').filter((line) => /^(Cap|NoNew|Seccomp|Uid|Gid|Groups|Sig[BIC]|Umask|Cpus_|Mems_)/.test(line)),
  limits: read('/proc/self/limits'), score: read('/proc/self/oom_score_adj'), cgroup: read('/proc/self/cgroup'),
  mounts: read('/proc/self/mountinfo').trim().split('\\n').map((line) => line.split(' ').slice(3).join(' ')).sort(),
  folders: ['/', '/tmp', '/opt', '/var', '/var/task', '/var/runtime', '/run/hearth', '/etc', '/dev', '/dev/shm', '/home'].map((path) => [path, list(path)]),
  tmp: Object.values(fs.statfsSync('/tmp')), files: ['/etc/hosts', '/etc/passwd', '/etc/group', '/etc/resolv.conf', '/etc/hostname'].map(read),
  network: Object.entries(os.networkInterfaces()).map(([name, all]) => [name, all.map(({ address }) => name === 'lo' ? address : 'own')]),
  modules: { paths: module.paths, main: require.main?.filename, mainPaths: require.main?.paths, globalPaths: Module.globalPaths, cached: Object.keys(require.cache) },
  internal: process.moduleLoadList.length > 0, globals: Object.getOwnPropertyNames(globalThis).sort(), symbols: Object.getOwnPropertySymbols(process).map(String),
  events: process.eventNames().map((name) => [String(name), process.listenerCount(name)]),
  handles: process.getActiveResourcesInfo(),
  heap: v8.getHeapStatistics().heap_size_limit, young: v8.getHeapSpaceStatistics().map(({ space_name }) => space_name),
  zone: [Intl.DateTimeFormat().resolvedOptions(), new Date(0).getTimezoneOffset(), new Date(0).toString()], locale: (1234.5).toLocaleString(),
  stack: new Error('here').stack.split('\\n').slice(2), context: Object.keys(context), allowed: process.allowedNodeEnvironmentFlags.size,
  layer: list('/opt/nodejs'), home: os.homedir(), tmpdir: os.tmpdir(), userInfo: os.userInfo().username,
});
`;

const PYTHON = `
import builtins, gc, json, locale, os, resource, signal, site as _site_free, subprocess, sys, time
at_load = list(os.environ.items())
def read(path):
    try:
        with open(path) as file: return file.read()
    except OSError as error: return error.errno
def names(path):
    try: return sorted(os.listdir(path))
    except OSError as error: return error.errno
def link(fd):
    try: return fd + " " + os.readlink("/proc/self/fd/" + fd)
    except OSError: return fd
def handler(event, context):
    return {
        "at_load": at_load, "environment": list(os.environ.items()),
        "child": subprocess.run(["/usr/bin/env"], capture_output=True, text=True).stdout.split("\\n"),
        "argv": sys.argv, "orig_argv": getattr(sys, "orig_argv", None), "executable": sys.executable, "cmdline": read("/proc/self/cmdline"),
        "prefix": [sys.prefix, sys.exec_prefix, sys.base_prefix], "path": sys.path, "flags": repr(sys.flags), "xoptions": sys._xoptions,
        "importers": sorted(sys.path_importer_cache), "modules": sorted(name for name in sys.modules), "meta": [repr(type(one)) for one in sys.meta_path],
        "cwd": os.getcwd(), "parent": os.getppid(), "ids": [os.getuid(), os.getgid(), os.getgroups()],
        "descriptors": [link(fd) for fd in sorted(os.listdir("/proc/self/fd"), key=int)],
        "status": [line for line in read("/proc/self/status").split("\\n") if line.startswith(("Cap", "NoNew", "Seccomp", "Uid", "Gid", "Groups", "SigB", "SigI", "SigC", "Umask", "Threads"))],
        "limits": read("/proc/self/limits"), "cgroup": read("/proc/self/cgroup"),
        "mounts": sorted(" ".join(line.split(" ")[3:]) for line in read("/proc/self/mountinfo").strip().split("\\n")),
        "folders": [[path, names(path)] for path in ("/", "/tmp", "/opt", "/var", "/var/task", "/run/hearth", "/etc", "/dev")],
        "files": [read(path) for path in ("/etc/hosts", "/etc/passwd", "/etc/group", "/etc/resolv.conf")],
        "tmp": list(os.statvfs("/tmp"))[:-1], "locale": [locale.getlocale(), locale.getpreferredencoding(False), sys.getfilesystemencoding(), sys.stdout.encoding],
        "zone": [time.tzname, time.timezone, time.localtime(0)[:6]], "signals": [str(signal.getsignal(one)) for one in signal.valid_signals()],
        "builtins": sorted(dir(builtins)), "hash": sys.flags.hash_randomization, "gc": [gc.isenabled(), gc.get_threshold()], "buffered": [sys.stdout.line_buffering, sys.stdout.write_through],
        "recursion": sys.getrecursionlimit(), "switch": sys.getswitchinterval(), "context": sorted(vars(context)), "layer": names("/opt/python"), "home": os.path.expanduser("~"),
    }
`.replace(', site as _site_free', '');

/**
 * Taken out: what differs between any two environments. Not looked at:
 * - `/proc/self/environ`, which the kernel keeps as it was when the process started;
 * - the age of the process, which waited in the pool;
 * - the order of the lines of `/proc/self/mountinfo`, and the numbers of the mounts.
 */
function normalised(payload: unknown): unknown {
  const text = JSON.stringify(payload)
    .replaceAll(/env-[0-9a-f]{20}/g, 'ENVIRONMENT')
    .replaceAll(/\[\$LATEST\][0-9a-f]{32}/g, 'STREAM')
    .replaceAll(/1[789]\d{8}(?!\d)/g, '1')
    .replaceAll(/(pipe|socket|anon_inode|mnt|net):\[\d+\]/g, '$1')
    .replaceAll(/Root=1-[\w-]+;Parent=\w+;Sampled=0/g, 'TRACE')
    .replaceAll(/\/code-\d+\b/g, '/CODE')
    .replaceAll(/\/dev\/loop\d+/g, 'LOOP')
    .replaceAll(/\/disks\/\d+-\d+/g, '/DISK')
    .replaceAll(/\b(7|254|259):\d+ /g, 'DEVICE ')
    .replaceAll(/\b0:\d+ /g, '0:N ');
  return JSON.parse(text);
}

describe('what a function sees of its environment', () => {
  let harness: PoolHarness;
  beforeAll(async () => {
    harness = await PoolHarness.open();
  });
  afterAll(() => harness.close());

  interface Sameness {
    readonly changes: Partial<FunctionVersion>;
    readonly files: Files;
    readonly layer?: Files;
  }

  async function bothWays({ changes, ...code }: Sameness): Promise<readonly unknown[]> {
    const scratch = await harness.start(changes, code, { pooled: false });
    await harness.start(changes, code);
    await harness.ready(1);
    const fromScratch = harness.ordinary.length;
    const pooled = await harness.start(changes, code);
    expect(harness.ordinary).toHaveLength(fromScratch);
    await harness.pool.reset();
    expect(harness.complaints).toEqual([]);
    expect(scratch.outcome.functionError).toBeUndefined();
    return [normalised(pooled.payload), normalised(scratch.payload)];
  }

  const node = { runtime: 'nodejs24.x', handler: 'index.handler' };
  const python = { runtime: 'python3.11', handler: 'app.handler' };
  const environment = {
    NODE_ENV: 'production',
    PATH: '/opt/bin:/usr/bin:/bin',
    GREETING: 'grüß "dich" \\ $HOME\n\u{1f600}',
    EMPTY: '',
    AWS_XRAY_CONTEXT_MISSING: 'IGNORE_ERROR',
  };

  test.each(available)('is the same in %s, from the pool and from scratch', async (runtime) => {
    const isPython = runtime.startsWith('python');
    const [pooled, scratch] = await bothWays({
      changes: { runtime, handler: isPython ? 'app.handler' : 'index.handler' },
      files: isPython ? { 'app.py': PYTHON } : { 'index.js': NODE },
    });
    expect(pooled).toEqual(scratch);
  });

  test('is the same in Node.js with variables, a layer, more memory and JSON logs', async () => {
    const [pooled, scratch] = await bothWays({
      changes: {
        ...node,
        environment,
        memoryMiB: 512,
        logging: { format: 'JSON', logGroup: '/own', applicationLevel: 'WARN' },
      },
      files: { 'index.js': NODE, 'package.json': '{"name": "own"}' },
      layer: { 'nodejs/node_modules/shared/index.js': 'module.exports = 1;' },
    });
    expect(pooled).toEqual(scratch);
  });

  test('is the same in Python with variables, a layer, more memory and JSON logs', async () => {
    const [pooled, scratch] = await bothWays({
      changes: {
        ...python,
        environment,
        memoryMiB: 512,
        logging: { format: 'JSON', logGroup: '/own', applicationLevel: 'WARN' },
      },
      files: { 'app.py': PYTHON },
      layer: { 'python/shared.py': 'NAME = 1' },
    });
    expect(pooled).toEqual(scratch);
  });
});
