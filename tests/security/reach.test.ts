import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { expect, onTestFinished } from 'vitest';
import { attackTest as test, battlefield } from '../support/attacks.ts';
import { createPython, invoke, lambdaClient } from '../support/functions.ts';

/** What a hostile function can get at: of other functions, of the host, of the network. */
const field = battlefield();

/** Searches every file below the root for texts, the host's programs aside; gives what it found where. */
const SEARCH = `
import os
def files():
    for folder, folders, names in os.walk("/"):
        folders[:] = [name for name in folders if os.path.join(folder, name) not in ("/dev", "/proc", "/sys", "/usr", "/var/lang", "/var/runtime")]
        yield from (os.path.join(folder, name) for name in names)
    for process in os.listdir("/proc"):
        # Its own process knows what it was sent.
        if process != str(os.getpid()):
            yield from (f"/proc/{process}/{name}" for name in ("", "environ", "cmdline", "mountinfo", "maps", "keys", "mem"))
result = []
for path in files():
    try:
        with open(path, "rb") as file:
            content = file.read(1 << 20)
    except OSError:
        continue
    result += [f"{path}: {secret}" for secret in event["secrets"] if secret.encode() in content]
`;

test('finds no code, variable, credential or file of another function, nor a secret of the server', async () => {
  const { payload } = await invoke(field.client, 'victim');
  const { AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = payload as Record<string, string>;
  const secrets = [
    'code-of-the-victim-8d1f',
    'variable-of-the-victim-8d1f',
    'file-of-the-victim-8d1f',
    AWS_SECRET_ACCESS_KEY ?? '',
    AWS_SESSION_TOKEN ?? '',
    ...['operator-token', 'master.key'].map((name) =>
      readFileSync(join(field.hearth.dataFolder, name), 'utf8').trim(),
    ),
  ];
  expect(secrets.every((secret) => secret.length > 8)).toBe(true);
  expect(await field.python(SEARCH, { secrets })).toEqual([]);
  // The search works: its own code is there to be found.
  expect(await field.python(SEARCH, { secrets: ['exec(event'] })).toEqual(['/var/task/app.py: exec(event']);
});

test('sees no process but those of its own environment', async () => {
  const listing = await field.shell('for p in /proc/[0-9]*; do tr "\\0" " " < $p/cmdline; echo; done');
  expect(listing).not.toMatch(/node|hearth\.js|python|runc/);
  expect(listing.trim().split('\n').length).toBeLessThan(12);
});

test('finds nothing of the host: homes, data folder, sockets, control groups, devices', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hearth-host-'));
  writeFileSync(join(folder, 'secret'), 'secret');
  const docker = createServer().listen(join(folder, 'docker.sock'));
  await once(docker, 'listening');
  onTestFinished(() => {
    docker.close();
    rmSync(folder, { recursive: true });
  });
  const paths = [
    folder,
    field.hearth.dataFolder,
    '/root/.ssh',
    '/root/.bashrc',
    '/etc/shadow',
    '/var/lib',
    '/boot',
  ]
    .concat(['/run/docker.sock', '/var/run/docker.sock', '/run/containerd', '/run/runc', '/run/hearth/s'])
    .concat([
      '/sys/fs/cgroup',
      '/sys/kernel',
      '/sys/class',
      '/dev/mem',
      '/dev/kmsg',
      '/dev/kvm',
      '/dev/loop0',
    ])
    .concat([
      '/dev/vda',
      '/dev/sda',
      '/dev/fuse',
      '/dev/net/tun',
      '/dev/vsock',
      '/dev/vhost-vsock',
      '/proc/kcore2',
    ]);
  const script = `for p in ${paths.join(' ')}; do [ -e "$p" ] && echo "$p"; done; find / -xdev -type s 2>/dev/null; ls -A /root /home /mnt; true`;
  const lines = (await field.shell(script))
    .split('\n')
    .filter((line) => line !== '' && !/^(\/\w+:|sbx_user1051)$/.test(line));
  expect(lines).toEqual([]);
});

test('makes no device, and finds only the harmless ones', async () => {
  const listing = await field.shell(
    'find /dev -type b -o -type c | sort | tr "\\n" " "; mknod /tmp/disk b 8 0; mknod /tmp/mem c 1 1; ls /tmp/disk /tmp/mem',
  );
  expect(listing).toMatch(
    /^\/dev\/full \/dev\/null (\/dev\/pts\/ptmx )?\/dev\/random \/dev\/tty \/dev\/urandom \/dev\/zero /,
  );
  expect(listing.match(/Operation not permitted/g)).toHaveLength(2);
});

test('answers in place of no other function: a request id of another environment is none of its own', async () => {
  const answer = invoke(field.client, 'victim', { sleepMs: 3_000 });
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const logs = new CloudWatchLogsClient({
    endpoint: field.hearth.endpoint,
    region: 'us-east-1',
    credentials,
  });
  const idOfVictim = async (): Promise<string | undefined> => {
    const command = new FilterLogEventsCommand({
      logGroupName: '/aws/lambda/victim',
      filterPattern: 'RequestId',
    });
    const { events = [] } = await logs.send(command);
    const open = new Map<string, boolean>();
    for (const { message = '' } of events) {
      const [, kind = '', id = ''] = /^(START|END) RequestId: (\S+)/.exec(message) ?? [];
      if (kind !== '') open.set(id, kind === 'START');
    }
    return [...open].find(([, isOpen]) => isOpen)?.[0];
  };
  await expect.poll(idOfVictim, { timeout: 20_000, interval: 50 }).toBeDefined();
  const requestId = await idOfVictim();
  const code = `
import http.client, os, socket
def post(connection):
    connection.request("POST", "/2018-06-01/runtime/invocation/" + event["requestId"] + "/response", "forged")
    answer = connection.getresponse()
    return [answer.status, answer.read().decode()]
unix = http.client.HTTPConnection("runtime")
unix.sock = socket.socket(socket.AF_UNIX)
unix.sock.connect("/run/hearth/runtime.sock")
result = [post(http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])), post(unix)]
`;
  const refusal = [400, '{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}'];
  expect(await field.python(code, { requestId })).toEqual([refusal, refusal]);
  expect((await answer).payload).toMatchObject({ SECRET: 'variable-of-the-victim-8d1f' });
  logs.destroy();
});

test('reaches no other environment, though it knows its address and port', async () => {
  const { payload: address } = await invoke(field.client, 'victim', { listen: true });
  expect(address).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
  const code = `
import socket
def attempt(host, port):
    try:
        socket.create_connection((host, port), 3).close()
        return "reached"
    except OSError as error:
        return "refused"
own = socket.create_server(("0.0.0.0", 8080))
result = [attempt(event["address"], 8080), attempt("127.0.0.1", 8080)]
own.close()
`;
  expect(await field.python(code, { address })).toEqual(['refused', 'reached']);
});

test('reaches no server of the host: not by loopback, not by any address of it, not the metadata service', async () => {
  const reached: string[] = [];
  const tcp = createServer((socket) => reached.push(`tcp ${socket.remoteAddress}`)).listen(0, '::');
  await once(tcp, 'listening');
  const port = portOf(tcp);
  const udp = createSocket('udp4').on('message', (_, from) => reached.push(`udp ${from.address}`));
  udp.bind(port, '0.0.0.0');
  await once(udp, 'listening');
  onTestFinished(() => {
    tcp.close();
    udp.close();
  });
  const own = Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .map(({ address }) => address);
  const hosts = [
    ...own,
    '127.0.0.1',
    '::1',
    '169.254.169.254',
    '169.254.100.2',
    '198.19.255.254',
    '198.19.255.249',
    '100.100.100.200',
    '0.0.0.0',
  ];
  const code = `
import socket
result = []
for host in event["hosts"]:
    for port in (event["port"], event["hearth"], 22, 80):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            datagrams = socket.socket(family, socket.SOCK_DGRAM)
            datagrams.sendto(b"x", (host, port))
        except OSError:
            pass
        stream = socket.socket(family, socket.SOCK_STREAM)
        stream.settimeout(1)
        try:
            stream.connect((host, port))
            result.append([host, port])
        except OSError:
            pass
        stream.close()
`;
  const hearth = Number(new URL(field.hearth.endpoint).port);
  // Hearth itself answers inside at the address that it has outside, as promised; 0.0.0.0 is this host by another name.
  expect(
    await field.python(code, {
      hosts: own.filter((host) => host !== '127.0.0.1').concat(hosts.slice(own.length)),
      port,
      hearth,
    }),
  ).toEqual([
    ['127.0.0.1', hearth],
    ['0.0.0.0', hearth],
  ]);
  expect(reached).toEqual([]);
});

test('is answered by no control route, though it holds the operator token', async () => {
  const token = readFileSync(join(field.hearth.dataFolder, 'operator-token'), 'utf8').trim();
  const paths = [
    '/_hearth/status',
    '/_hearth/keys',
    '/_hearth/reset',
    '//_hearth/status',
    '/./_hearth/status',
    '/x/../_hearth/status',
  ]
    .concat([
      '/%5Fhearth/status',
      '/_hearth%2Fstatus',
      '/_HEARTH/status',
      '/_hearth/../_hearth/status',
      '/_hearth/status?x',
    ])
    .concat([
      `${field.hearth.endpoint}/_hearth/status`,
      'http://localhost/_hearth/status',
      '/_hearth/health/../status',
    ]);
  const code = `
import http.client, os
result = []
for path in event["paths"]:
    for method in ("GET", "POST", "DELETE"):
        connection = http.client.HTTPConnection(os.environ["AWS_ENDPOINT_URL"].split("/")[2])
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in (("Host", "127.0.0.1"), ("Authorization", "Bearer " + event["token"]), ("X-Forwarded-For", "127.0.0.1"), ("Content-Length", "0")):
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        body = answer.read().decode()
        if answer.status < 400 or "dataFolder" in body:
            result.append([method, path, answer.status, body])
`;
  expect(await field.python(code, { paths, token })).toEqual([]);
  const outside = await fetch(`${field.hearth.endpoint}/_hearth/status`, {
    headers: { authorization: `Bearer ${token}` },
  });
  expect(await outside.json()).toMatchObject({ dataFolder: field.hearth.dataFolder });
});

test('reads and calls no function of another account by the ARN', async () => {
  const other = lambdaClient(field.hearth.endpoint, '222222222222');
  await createPython(other, 'private', 'def handler(event, context):\n    return "private"\n');
  const code = `
from signer import call
path = "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A222222222222%3Afunction%3Aprivate"
calls = [("GET", ""), ("POST", "/invocations"), ("DELETE", ""), ("GET", "/configuration"), ("GET", "/versions"), ("GET", "/policy")]
result = [call(method, path + more)["error"] for method, more in calls]
`;
  expect(await field.python(code)).toEqual(Array.from({ length: 6 }, () => 'AccessDeniedException'));
  expect((await invoke(other, 'private')).payload).toBe('private');
  other.destroy();
});

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}
