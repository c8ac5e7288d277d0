import { afterAll, beforeAll, expect } from 'vitest';
import { attackTest as test } from '../support/attacks.ts';
import { PoolHarness } from '../support/pool-harness.ts';

/** What a hostile function can get at through the environment that waited for it, or for somebody else. */
const python = { runtime: 'python3.11', handler: 'app.handler' };

const ATTACKER = `
import os, socket, ctypes
def names(): return sorted(line.split("=")[0] for line in open("/proc/self/environ").read().split("\\0") if line)
def handler(event, context):
    exec(event["code"], globals())
    return result
`;

const VICTIM = `
import os
MARKER = "code-of-the-victim-77aa"
open("/tmp/secret", "w").write("file-of-the-victim-77aa")
def handler(event, context):
    return os.environ["SECRET"]
`;

let harness: PoolHarness;
beforeAll(async () => {
  harness = await PoolHarness.open({ perShape: 2 });
});
afterAll(() => harness?.close());

/** What the attacker's code came to, in an environment that came out of the pool. */
async function attack(code: string): Promise<unknown> {
  await harness.until(() => harness.pool.status.ready > 0);
  const before = harness.ordinary.length;
  const { payload, outcome } = await harness.start(python, {
    files: { 'app.py': ATTACKER },
    layer: { 'python/shared.py': '' },
    event: { code },
  });
  expect(outcome.functionError).toBeUndefined();
  expect(harness.ordinary).toHaveLength(before);
  return payload;
}

const victim = (): Promise<{ payload: unknown }> =>
  harness.start(
    { ...python, environment: { SECRET: 'variable-of-the-victim-77aa' } },
    { files: { 'app.py': VICTIM }, layer: { 'python/private.py': '# layer-of-the-victim-77aa' } },
  );

beforeAll(async () => {
  await victim();
  await harness.ready(1);
  expect((await victim()).payload).toBe('variable-of-the-victim-77aa');
});

test('it finds no code, layer, variable or file of a function that was served by the pool before', async () => {
  const search = `
found = []
for folder, folders, files in os.walk("/"):
    folders[:] = [name for name in folders if os.path.join(folder, name) not in ("/dev", "/sys", "/usr", "/var/lang", "/var/runtime", "/proc/" + str(os.getpid()))]
    for name in files:
        path = os.path.join(folder, name)
        if not os.path.isfile(path): continue
        try:
            with open(path, "rb") as file: content = file.read(1 << 20)
        except OSError: continue
        if b"of-the-victim-77" + b"aa" in content: found.append(path)
result = found + [line for line in open("/proc/self/environ", errors="replace").read().split("\\0") if "victim" in line]
`;
  expect(await attack(search)).toEqual([]);
});

test('it was started with nothing but what all functions of the runtime have', async () => {
  const started = (await attack('result = names()')) as string[];
  expect(started).not.toContain('AWS_SECRET_ACCESS_KEY');
  expect(started).not.toContain('AWS_LAMBDA_FUNCTION_NAME');
  expect(started).toContain('HEARTH_UNASSIGNED');
});

test('it cannot change what was mounted late, nor mount anything itself', async () => {
  const write = `
def refused(action):
    try: action(); return "done"
    except OSError as error: return os.strerror(error.errno)
libc = ctypes.CDLL(None, use_errno=True)
def mount(*args):
    if libc.mount(*args) != 0: raise OSError(ctypes.get_errno(), "")
result = [
    refused(lambda: open("/var/task/app.py", "a")), refused(lambda: os.mkdir("/opt/new")), refused(lambda: os.unlink("/opt/python/shared.py")),
    refused(lambda: os.chmod("/var/task", 0o777)), refused(lambda: mount(b"none", b"/var/task", None, 32 | 4096, None)),
    refused(lambda: mount(b"/tmp", b"/opt", None, 4096, None)), refused(lambda: os.rmdir("/var/task")),
]
`;
  expect(await attack(write)).toEqual([
    'Read-only file system',
    'Read-only file system',
    'Read-only file system',
    'Read-only file system',
    'Operation not permitted',
    'Operation not permitted',
    expect.stringMatching(/Read-only file system|Device or resource busy/),
  ]);
});

test('asking for an assignment again gives it nothing: neither its own nor that of another', async () => {
  const ask = `
answers = []
for _ in range(3):
    connection = socket.socket(socket.AF_UNIX)
    connection.connect("/run/hearth/runtime.sock")
    connection.sendall(b"GET /hearth/assignment HTTP/1.1\\r\\nHost: runtime\\r\\n\\r\\n")
    answers.append(connection.recv(4096).decode())
result = answers
`;
  const answers = (await attack(ask)) as string[];
  expect(answers).toHaveLength(3);
  for (const answer of answers) expect(answer).toMatch(/^HTTP\/1\.1 404 /);
});

test('it shares neither user, nor /tmp, nor processes with those that still wait', async () => {
  const look =
    'result = [os.getuid(), sorted(os.listdir("/tmp")), len([pid for pid in os.listdir("/proc") if pid.isdigit()])]';
  await harness.until(() => harness.pool.status.ready > 1);
  const [one, other] = [(await attack(look)) as unknown[], (await attack(look)) as unknown[]];
  expect(one[0]).not.toBe(other[0]);
  for (const [, tmp, processes] of [one, other]) {
    expect(tmp).toEqual([]);
    expect(processes).toBe(2);
  }
});
