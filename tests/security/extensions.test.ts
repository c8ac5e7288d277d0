import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DeleteFunctionCommand, type LoggingConfig } from '@aws-sdk/client-lambda';
import { expect } from 'vitest';
import { publishLayer } from '../support/agents.ts';
import { attackTest as test, battlefield } from '../support/attacks.ts';
import { createPython, invoke } from '../support/functions.ts';

/** Extensions that mean harm: they can spoil their own environment, and nothing else. */
const field = battlefield();

const ANSWERS = 'def handler(event, context):\n    return event\n';

async function withExtensions(
  name: string,
  programs: Readonly<Record<string, string>>,
  source = ANSWERS,
  LoggingConfig: LoggingConfig = { LogFormat: 'Text' },
): Promise<void> {
  const files = Object.fromEntries(
    Object.entries(programs).map(([program, code]) => [
      `extensions/${program}`,
      `#!/usr/bin/env python3\n${code}`,
    ]),
  );
  const Layers = [await publishLayer(field.client, name, files)];
  await createPython(field.client, name, source, { Layers, Timeout: 20, MemorySize: 512, LoggingConfig });
}

/** `ask` sends a request and gives status and headers; `register` and `subscribe` do what they say. */
const TALK = `
import http.client, json, os, sys, time
def ask(method, path, headers={}, body=None):
    api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    api.request(method, path, body, headers)
    answer = api.getresponse()
    answer.read()
    return answer.status, answer.headers
def register(name, events=()):
    status, headers = ask("POST", "/2020-01-01/extension/register", {"Lambda-Extension-Name": name}, json.dumps({"events": events}))
    return status, headers.get("Lambda-Extension-Identifier")
def subscribe(me, port):
    body = {"schemaVersion": "2022-12-13", "types": ["platform", "function", "extension"], "buffering": {"timeoutMs": 25}, "destination": {"protocol": "HTTP", "URI": f"http://sandbox:{port}"}}
    return ask("PUT", "/2022-07-01/telemetry", {"Lambda-Extension-Identifier": me}, json.dumps(body))[0]
def wait(me):
    while True:
        ask("GET", "/2020-01-01/extension/event/next", {"Lambda-Extension-Identifier": me})
me = os.path.basename(sys.argv[0])
`;

async function serverMemoryMiB(): Promise<number> {
  const token = readFileSync(join(field.hearth.dataFolder, 'operator-token'), 'utf8').trim();
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`${field.hearth.endpoint}/_hearth/status`, { headers });
  return ((await answer.json()) as { memoryMiB: number }).memoryMiB;
}

test('a thousand registrations and huge bodies are refused, and the function answers all the same', async () => {
  const code = `${TALK}
_, id = register(me)
statuses = [register(me)[0] for count in range(1000)]
statuses += [ask("POST", "/2020-01-01/extension/register", {"Lambda-Extension-Name": "x"}, b"x" * 5_000_000)[0] for _ in range(20)]
assert statuses == [403] * 1000 + [413] * 20, statuses
for path in ("init", "exit"):
    assert ask("POST", f"/2020-01-01/extension/{path}/error", {"Lambda-Extension-Identifier": "0" * 8 + id[8:], "Lambda-Extension-Function-Error-Type": "A.B"}, "{}")[0] == 403
wait(id)
`;
  await withExtensions('many', { agent: code });
  expect((await invoke(field.client, 'many', 'served')).payload).toBe('served');
  expect(await field.neighbour({ still: 'here' })).toEqual({ still: 'here' });
});

test('more programs than may register are no environment', async () => {
  const agent = `${TALK}\nwait(register(me)[1])`;
  const eleven = Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`agent-${index}`, agent]));
  await withExtensions('eleven', eleven);
  expect((await invoke(field.client, 'eleven')).payload).toMatchObject({
    errorType: 'Extension.LaunchError',
    errorMessage: expect.stringContaining('Extension limit (10) reached'),
  });
});

test('a consumer that takes everything and answers nothing costs two batches of memory, whatever is logged', async () => {
  const code = `${TALK}
import socket, threading
server = socket.create_server(("0.0.0.0", 4243))
kept = []
def accept():
    while True: kept.append(server.accept())
threading.Thread(target=accept, daemon=True).start()
_, id = register(me, ["INVOKE"])
assert subscribe(id, 4243) == 200
wait(id)
`;
  const flood =
    'def handler(event, context):\n    for _ in range(60000): print("x" * 1000)\n    return "done"\n';
  await withExtensions('flood', { agent: code }, flood);
  const floods = async (): Promise<void> => {
    for (let round = 0; round < 3; round++)
      expect((await invoke(field.client, 'flood')).payload).toBe('done');
  };
  await floods();
  const before = await serverMemoryMiB();
  // 180 MB of lines; two batches are half a megabyte, the rest is the garbage of writing logs.
  await floods();
  expect(await field.neighbour('alive')).toBe('alive');
  expect((await serverMemoryMiB()) - before).toBeLessThan(64);
});

test('lines with impossible times and depths reach subscribers, and harm nobody', async () => {
  const code = `${TALK}
import http.server, threading
class Telemetry(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        for event in json.loads(self.rfile.read(int(self.headers["Content-Length"]))):
            if event["type"] == "function" and "deep" in str(event["record"])[:100]:
                print("deep line of", event["time"][:2], flush=True)
        self.send_response(200)
        self.end_headers()
threading.Thread(target=http.server.HTTPServer(("0.0.0.0", 4243), Telemetry).serve_forever, daemon=True).start()
_, id = register(me, ["INVOKE"])
assert subscribe(id, 4243) == 200
wait(id)
`;
  const lines = `
import os, struct
def handler(event, context):
    for time in (2**62, -2**62, 0):
        line = b'{"deep": ' + b"[" * 50000 + b"]" * 50000 + b"}"
        os.write(3, struct.pack(">IIq", 0xa55a0003, len(line), time) + line)
    return "written"
`;
  await withExtensions('times', { agent: code }, lines, { LogFormat: 'JSON' });
  expect((await invoke(field.client, 'times')).payload).toBe('written');
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const logs = new CloudWatchLogsClient({
    endpoint: field.hearth.endpoint,
    region: 'us-east-1',
    credentials,
  });
  const find = new FilterLogEventsCommand({
    logGroupName: '/aws/lambda/times',
    filterPattern: '"deep line of 20"',
  });
  await expect.poll(async () => (await logs.send(find)).events?.length, { timeout: 20_000 }).toBe(3);
  logs.destroy();
  expect(await field.neighbour('alive')).toBe('alive');
});

test('telemetry is sent into the environment only, to whatever name or port it is asked to', async () => {
  const code = `${TALK}
_, id = register(me)
headers = {"Lambda-Extension-Identifier": id}
def status(uri): return ask("PUT", "/2022-07-01/telemetry", headers, json.dumps({"schemaVersion": "2022-12-13", "types": ["platform"], "destination": {"protocol": "HTTP", "URI": uri}}))[0]
print([status(uri) for uri in ("http://169.254.169.254/", "http://localhost:80", "http://127.0.0.1:1", "http://sandbox.localdomain@host:1", "file:///etc/passwd", "http://sandbox.localdomain:4566")], flush=True)
wait(id)
`;
  await withExtensions('destinations', { agent: code });
  // The last is Hearth as this environment sees it, on a connection of its own: it refuses what nobody signed.
  expect((await invoke(field.client, 'destinations')).log).toBeDefined();
  const answer = await invoke(field.client, 'destinations', { round: 2 });
  expect(answer.payload).toEqual({ round: 2 });
});

test('one that forks, hides and ignores SHUTDOWN is dead when its environment is', async () => {
  const name = `ext-evil-${process.pid}`;
  const code = `${TALK}
import signal
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT): signal.signal(number, signal.SIG_IGN)
open("/proc/self/comm", "w").write("${name}"[:15])
_, id = register(me, ["SHUTDOWN"])
for _ in range(5):
    if os.fork() == 0:
        os.setsid()
        time.sleep(1000)
ask("GET", "/2020-01-01/extension/event/next", {"Lambda-Extension-Identifier": id})
time.sleep(1000)
`;
  const alive = (): number =>
    execFileSync('ps', ['-eo', 'comm'], { encoding: 'utf8' })
      .split('\n')
      .filter((comm) => comm === name.slice(0, 15)).length;
  await withExtensions('stubborn', { agent: code });
  await invoke(field.client, 'stubborn');
  expect(alive()).toBe(6);
  await field.client.send(new DeleteFunctionCommand({ FunctionName: 'stubborn' }));
  await expect.poll(alive, { timeout: 20_000 }).toBe(0);
});

test('the function and its extensions share one limit of memory', async () => {
  const hog = `${TALK}
_, id = register(me, ["INVOKE"])
ask("GET", "/2020-01-01/extension/event/next", {"Lambda-Extension-Identifier": id})
hold = []
while True: hold.append(bytearray(1 << 22))
`;
  await withExtensions(
    'hog',
    { agent: hog },
    'import time\ndef handler(event, context):\n    time.sleep(15)\n',
  );
  const { payload } = await invoke(field.client, 'hog');
  expect(JSON.stringify(payload)).toMatch(/Extension\.Crash|Runtime\.OutOfMemory/);
});
