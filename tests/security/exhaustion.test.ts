import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DeleteFunctionCommand } from '@aws-sdk/client-lambda';
import { expect } from 'vitest';
import { attackerFiles, attackTest as test, battlefield } from '../support/attacks.ts';
import { createNode, createPython, invoke } from '../support/functions.ts';

/** What a hostile function uses up, and what is left for its neighbour meanwhile. */
const field = battlefield();

/** What hostile processes call themselves, to be told from all others of the machine. */
const HOSTILE_NAME = `evil-${process.pid}`;

/** The neighbour answers, again and again, as long as the attack goes on. */
async function neighbourThrives(attack: Promise<unknown>): Promise<number> {
  const over = new AbortController();
  const end = attack.finally(() => over.abort());
  let answers = 0;
  do {
    expect(await field.neighbour({ answers })).toEqual({ answers });
    answers++;
  } while (!over.signal.aborted);
  await end;
  return answers;
}

async function serverMemoryMiB(): Promise<number> {
  const token = readFileSync(join(field.hearth.dataFolder, 'operator-token'), 'utf8').trim();
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`${field.hearth.endpoint}/_hearth/status`, { headers });
  return ((await answer.json()) as { memoryMiB: number }).memoryMiB;
}

/** By the name that they gave themselves. */
function hostilesAlive(): number {
  const listing = execFileSync('ps', ['-eo', 'comm'], { encoding: 'utf8' });
  return listing.split('\n').filter((name) => name === HOSTILE_NAME).length;
}

test('a fork bomb stops at its process limit, dies with its environment, and others answer meanwhile', async () => {
  const code = `
import os, time
open("/proc/self/comm", "w").write("${HOSTILE_NAME}")
forks = 0
try:
    while True:
        if os.fork() == 0:
            time.sleep(1000)
        forks += 1
except OSError as error:
    result = [forks, error.errno]
`;
  await createPython(field.client, 'forks', '', { files: attackerFiles, Timeout: 20, MemorySize: 512 });
  const bomb = field.python(code, {}, 'forks');
  await neighbourThrives(bomb);
  const [forks, errno] = (await bomb) as [number, number];
  expect(forks).toBeLessThan(1_024);
  expect(forks).toBeGreaterThan(100);
  expect(errno).toBe(11);
  expect(hostilesAlive()).toBeGreaterThan(100);
  await field.client.send(new DeleteFunctionCommand({ FunctionName: 'forks' }));
  await expect.poll(hostilesAlive, { timeout: 30_000 }).toBe(0);
});

test('a memory bomb is killed alone, whether it is one process or many', async () => {
  await createPython(field.client, 'hog', '', { files: attackerFiles, Timeout: 8, MemorySize: 128 });
  const hog = 'hold = []\nwhile True: hold.append(bytearray(1 << 22))';
  const bomb = field.python(hog, {}, 'hog');
  await neighbourThrives(bomb.catch(() => undefined));
  await expect(bomb).rejects.toThrow('Runtime.OutOfMemory');
  const many = `import os\nfor _ in range(20): os.fork()\n${hog}`;
  await expect(field.python(many, {}, 'hog')).rejects.toThrow(
    /Runtime\.(OutOfMemory|ExitError)|Sandbox\.Timedout/,
  );
  const shared = 'open("/dev/shm/x", "wb").write(bytes(60 << 20)); hold = bytearray(80 << 20)';
  await expect(field.python(shared, {}, 'hog')).rejects.toThrow('Runtime.OutOfMemory');
  expect(await field.python('result = 1', {}, 'hog')).toBe(1);
});

test('/tmp takes what it was made for, in bytes and in files, and the disk of the host no more', async () => {
  const code = `
import os
size, files = 0, 0
try:
    with open("/tmp/bomb", "wb") as bomb:
        while True:
            size += bomb.write(bytes(1 << 20))
except OSError as error:
    result = [error.errno]
os.remove("/tmp/bomb")
try:
    while files < 1_000_000:
        os.mknod("/tmp/%d" % files)
        files += 1
except OSError as error:
    result.append(error.errno)
result += [size >> 20, files]
`;
  await createPython(field.client, 'disk', '', { files: attackerFiles, Timeout: 60, MemorySize: 1769 });
  const [full, noInode, mib, files] = (await field.python(code, {}, 'disk')) as number[];
  expect([full, noInode]).toEqual([28, 28]);
  expect(mib).toBeLessThan(560);
  expect(files).toBeLessThan(500_000);
  expect(await field.neighbour(1)).toBe(1);
});

test('no more than 1,024 files are open at once', async () => {
  const code = `
import os
count = 0
try:
    while True:
        os.dup(0)
        count += 1
except OSError as error:
    result = [count, error.errno]
`;
  const [count, errno] = (await field.python(code)) as number[];
  expect(count).toBeLessThan(1_024);
  expect(errno).toBe(24);
});

test('a flood of log lines is slowed down, not the server, nor its memory', async () => {
  await createNode(
    field.client,
    'flood',
    `import { writeSync } from 'node:fs';
     import { randomBytes } from 'node:crypto';
     const noise = randomBytes(600_000).toString('base64') + '\\n';
     export const handler = async (event, context) => {
       let bytes = 0;
       while (context.getRemainingTimeInMillis() > 5_000) bytes += writeSync(1, noise);
       return bytes;
     };`,
    { Timeout: 8, MemorySize: 1769 },
  );
  const before = await serverMemoryMiB();
  const flood = invoke(field.client, 'flood');
  await neighbourThrives(flood);
  expect((await flood).payload).toBeGreaterThan(1_000_000);
  expect((await serverMemoryMiB()) - before).toBeLessThan(400);
});

const DAEMON = `
import os, signal, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        os.closerange(0, 64)
        open("/proc/self/comm", "w").write("${HOSTILE_NAME}")
        ticks = os.open("/tmp/ticks", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        while True:
            os.write(ticks, b"%d\\n" % (time.time() * 1000))
            time.sleep(0.005)
    os._exit(0)
result = os.waitpid(-1, 0)[1]
`;

test('a daemon does no work while its environment is idle, and goes with it', async () => {
  const name = 'daemon';
  await createPython(field.client, name, '', { files: attackerFiles, Timeout: 20 });
  expect(await field.python(DAEMON, {}, name)).toBe(0);
  // The handler does not wait until its daemon has taken its name.
  await expect.poll(hostilesAlive).toBe(1);
  // Frozen is what an idle environment becomes after a while; until then the daemon ticks on.
  const read = 'result = [int(line) for line in open("/tmp/ticks").read().split()]';
  const frozenForSomeAnswers = async (): Promise<boolean> => {
    await neighbourThrives(Promise.all(Array.from({ length: 40 }, (_, at) => field.neighbour(at))));
    const fromMs = Date.now();
    await neighbourThrives(Promise.all(Array.from({ length: 40 }, (_, at) => field.neighbour(at))));
    const toMs = Date.now();
    const ticks = (await field.python(read, {}, name)) as number[];
    return ticks.length > 3 && !ticks.some((tick) => tick > fromMs + 5 && tick < toMs - 5);
  };
  await expect.poll(frozenForSomeAnswers, { timeout: 30_000 }).toBe(true);
  await field.client.send(new DeleteFunctionCommand({ FunctionName: name }));
  await expect.poll(hostilesAlive, { timeout: 20_000 }).toBe(0);
});

const ABUSE = `
import os, socket, threading
host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
endpoint = os.environ["AWS_ENDPOINT_URL"].split("/")[2].split(":")
base = b"/2018-06-01/runtime/"
messages = [
    b"POST " + base + b"invocation/x/response HTTP/1.1\\r\\nContent-Length: 99999999\\r\\n\\r\\n" + bytes(1 << 20),
    b"POST " + base + b"init/error HTTP/1.1\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\nfffffff\\r\\n" + bytes(1 << 20),
    b"GET " + base + b"invocation/next HTTP/1.1\\r\\n",
    b"POST " + base + b"init/error HTTP/1.1\\r\\nContent-Length: 2\\r\\n\\r\\n{}" * 50,
    b"X-Blank:" + b" " * 60000 + b"\\n" + b" " * 60000,
    b"\\0" * 100000, b"GET /" + b"a" * 70000 + b" HTTP/1.1\\r\\n\\r\\n", b"GET /ping HTTP/1.1\\r\\n\\r\\n" * 5000,
]
def abuse(address):
    held = []
    for turn in range(400):
        try:
            connection = socket.create_connection(address, 1)
            connection.setblocking(False)
            connection.send(messages[turn % len(messages)])
            held.append(connection)
        except OSError:
            pass
    return held
result = [len(abuse((host, int(port)))), len(abuse((endpoint[0], int(endpoint[1]))))]
for turn in range(2000):
    try:
        with socket.create_connection((host, int(port)), 1) as one:
            one.sendall(messages[turn % len(messages)][:4000])
    except OSError:
        pass
`;

test('thousands of broken, slow and oversized requests spoil no session but their own', async () => {
  const before = await serverMemoryMiB();
  const abuse = field.python(ABUSE).catch(() => undefined);
  expect(await neighbourThrives(abuse)).toBeGreaterThan(1);
  expect((await serverMemoryMiB()) - before).toBeLessThan(300);
  expect(await field.python('result = "fine"')).toBe('fine');
});

test('requests without end, thousands in one write, leave the neighbour its turns', async () => {
  const code = `
import os, socket, time
end = time.time() + 3
def flood(address, path):
    data, sent = b"GET " + path + b" HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n", 0
    connections = []
    while time.time() < end:
        if len(connections) < 16:
            try:
                connections.append(socket.create_connection(address, 1))
                connections[-1].setblocking(False)
            except OSError:
                pass
        for connection in list(connections):
            try:
                sent += connection.send(data * 2000)
            except BlockingIOError:
                pass
            except OSError:
                connections.remove(connection)
            try:
                connection.recv(1 << 20)
            except OSError:
                pass
    return sent
host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
endpoint = os.environ["AWS_ENDPOINT_URL"].split("/")[2].split(":")
first = flood((host, int(port)), b"/ping")
end = time.time() + 3
result = [first, flood((endpoint[0], int(endpoint[1])), b"/_hearth/health")]
`;
  const flood = field.python(code);
  expect(await neighbourThrives(flood)).toBeGreaterThan(10);
  for (const sent of (await flood) as number[]) expect(sent).toBeGreaterThan(10_000);
});

test('answers that it asks for and never reads stay out of the memory of the server', async () => {
  await createNode(
    field.client,
    'large',
    'const large = "x".repeat(5_900_000); export const handler = async () => large;',
    { Timeout: 30, MemorySize: 1769 },
  );
  expect(String((await invoke(field.client, 'large')).payload).length).toBe(5_900_000);
  const code = `
import os, socket, time
host, port = os.environ["AWS_ENDPOINT_URL"].split("/")[2].split(":")
request = ("POST /2015-03-31/functions/large/invocations HTTP/1.1\\r\\nHost: x\\r\\nAuthorization: AWS4-HMAC-SHA256 "
    "Credential=test/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=00\\r\\nContent-Length: 0\\r\\n\\r\\n").encode()
held = []
for _ in range(120):
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect((host, int(port)))
    connection.send(request)
    held.append(connection)
    # One after the other, so that few environments serve them: the first byte of the answer is there.
    connection.settimeout(20)
    try:
        connection.recv(1)
    except OSError:
        pass
result = len(held)
`;
  const before = await serverMemoryMiB();
  const attack = field.python(code);
  await neighbourThrives(attack);
  expect(await attack).toBe(120);
  expect((await serverMemoryMiB()) - before).toBeLessThan(400);
});
