import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudWatchLogsClient, paginateFilterLogEvents } from '@aws-sdk/client-cloudwatch-logs';
import {
  CreateFunctionCommand,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  PublishLayerVersionCommand,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda';
import { afterAll, describe, expect } from 'vitest';
import { attackerFiles, attackTest as test, battlefield } from '../support/attacks.ts';
import { createPython, invoke, ROLE, runtimes } from '../support/functions.ts';
import { type RawEntry, rawZip } from '../support/raw-zip.ts';

/** What a hostile function, its archive and its settings say, and who has to read it. */
const home = mkdtempSync(join(tmpdir(), 'hearth-hostile-'));
mkdirSync(join(home, 'live/code'), { recursive: true });
mkdirSync(join(home, 'secret'));
const field = battlefield(() => ['--hot-reload', join(home, 'live')]);
afterAll(() => rmSync(home, { recursive: true }));

const LINK = 0o120777;
const data = Buffer.from('x');

describe('archives', () => {
  const archives: Readonly<Record<string, readonly RawEntry[]>> = {
    'leads upwards': [{ name: '../../../../evil', data }],
    'leads upwards from a folder': [{ name: 'a/../../evil', data }],
    'is absolute': [{ name: '/tmp/hearth-evil', data }],
    'uses the other slash': [{ name: '..\\..\\evil', data }],
    'has a NUL in a name': [{ name: 'a\0b', data }],
    'links to an absolute path': [{ name: 'link', data: Buffer.from('/etc/passwd'), mode: LINK }],
    'links upwards': [{ name: 'a/link', data: Buffer.from('../../x'), mode: LINK }],
    'links out by two links': [
      { name: 'a/b/one', data: Buffer.from('../..'), mode: LINK },
      { name: 'two', data: Buffer.from('a/b/one/..'), mode: LINK },
    ],
    'writes through its own link': [
      { name: 'link', data: Buffer.from('/tmp'), mode: LINK },
      { name: 'link/hearth-evil', data },
    ],
    'has a device': [{ name: 'device', mode: 0o060666 }],
    'has a pipe': [{ name: 'pipe', mode: 0o010666 }],
    'has a name twice': [
      { name: 'app.py', data },
      { name: 'app.py', data: Buffer.from('y') },
    ],
    'is a file and a folder': [
      { name: 'a', data },
      { name: 'a/b', data },
    ],
    'lies about a size': [{ name: 'app.py', data: Buffer.alloc(1_000_000), declaredBytes: 10 }],
    'is a bomb': [{ name: 'bomb', data: Buffer.alloc(300_000_000) }],
    'is a bomb of one body under many names': Array.from({ length: 60 }, (_, at) =>
      at === 0
        ? { name: '0', data: Buffer.alloc(5_000_000) }
        : { name: `${at}`, data: Buffer.alloc(0), headerOffset: 0, declaredBytes: 5_000_000 },
    ),
  };

  test.each(Object.keys(archives))(
    'that %s is refused, as code and as a layer, and nothing of it stays',
    async (what) => {
      const ZipFile = rawZip(archives[what] ?? []);
      const before = filesOfServer();
      const settings = { Runtime: runtimes.python, Handler: 'app.handler', Role: ROLE };
      const code = field.client.send(
        new CreateFunctionCommand({ FunctionName: 'hostile', Code: { ZipFile }, ...settings }),
      );
      await expect(code).rejects.toMatchObject({
        name: 'InvalidParameterValueException',
        $metadata: { httpStatusCode: 400 },
      });
      const layer = field.client.send(
        new PublishLayerVersionCommand({ LayerName: 'hostile', Content: { ZipFile } }),
      );
      await expect(layer).rejects.toMatchObject({ name: 'InvalidParameterValueException' });
      const missing = field.client.send(new GetFunctionConfigurationCommand({ FunctionName: 'hostile' }));
      await expect(missing).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
      expect(filesOfServer()).toEqual(before);
      expect(readdirSync(tmpdir())).not.toContain('hearth-evil');
    },
  );

  test('of 100,000 files keep nobody else waiting', async () => {
    const entries = Array.from({ length: 100_000 }, (_, at) => ({ name: `f${at}`, method: 0 }));
    const layer = field.client.send(
      new PublishLayerVersionCommand({ LayerName: 'many', Content: { ZipFile: rawZip(entries) } }),
    );
    const over = new AbortController();
    const published = layer.finally(() => over.abort());
    for (let n = 0; !over.signal.aborted; n++) expect(await field.neighbour(n)).toBe(n);
    expect((await published).Version).toBe(1);
  });

  function filesOfServer(): readonly string[] {
    const folder = join(field.hearth.dataFolder, 'functions');
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.split('/').length < 4)
      .sort();
  }
});

describe('names and settings', () => {
  test('that are paths lead nowhere', async () => {
    const names = [
      '..',
      '../../evil',
      '..%2F..%2Fevil',
      '%2e%2e',
      'a%00b',
      '%2Fetc%2Fpasswd',
      '....//',
      '%5c..%5c',
      'a%0d%0aX-Evil:1',
    ];
    const headers = {
      authorization:
        'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=00',
    };
    for (const name of names) {
      for (const path of [
        `/${name}`,
        `/${name}/configuration`,
        `/${name}/invocations`,
        `/${name}/aliases/${name}`,
      ]) {
        const method = path.endsWith('invocations') ? 'POST' : 'GET';
        const answer = await fetch(`${field.hearth.endpoint}/2015-03-31/functions${path}`, {
          method,
          headers,
        });
        expect([400, 403, 404], path).toContain(answer.status);
        expect(answer.headers.get('x-evil')).toBeNull();
      }
    }
    for (const FunctionName of ['../../evil', '/etc/passwd', 'a\0b', '.', 'a b', 'a\nb', 'x'.repeat(65)]) {
      const settings = { Runtime: runtimes.python, Handler: 'app.handler', Role: ROLE };
      const Code = { ZipFile: rawZip([{ name: 'app.py', data }]) };
      const made = field.client.send(new CreateFunctionCommand({ FunctionName, Code, ...settings }));
      await expect(made).rejects.toMatchObject({ $metadata: { httpStatusCode: 400 } });
    }
  });

  test('of the environment arrive as they are, whatever is in them, and none is taken for two', async () => {
    const Variables = {
      ONE: 'a\nTWO=b\r\n=c',
      QUOTED: `'"\`$(id)\\`,
      UNICODE: '\u{1f525}\u202e',
      LD_PRELOAD: '/var/task/evil.so',
      EMPTY: '',
    };
    await createPython(
      field.client,
      'variables',
      'import os\ndef handler(event, context):\n    return dict(os.environ)\n',
      {
        Environment: { Variables },
      },
    );
    const { payload } = await invoke(field.client, 'variables');
    expect(payload).toMatchObject(Variables);
    expect(payload).not.toHaveProperty('TWO');
    for (const bad of [
      { 'A=B': 'x' },
      { 'A\nB': 'x' },
      { NUL: 'a\0b' },
      { AWS_SESSION_TOKEN: 'x' },
      { _X: 'y' },
    ]) {
      const made = createPython(field.client, 'bad', '', { Environment: { Variables: bad } });
      await expect(made, JSON.stringify(bad)).rejects.toMatchObject({ $metadata: { httpStatusCode: 400 } });
    }
  });

  test('a handler that no process could be told is refused', async () => {
    const made = createPython(field.client, 'bad', '', { Handler: 'app.\0handler' });
    await expect(made).rejects.toMatchObject({ $metadata: { httpStatusCode: 400 } });
  });

  test('a role of another account gives no credentials of it', async () => {
    await createPython(field.client, 'borrowed', '', { files: attackerFiles });
    const code =
      'from signer import call\nresult = call("POST", "/", "Action=GetCallerIdentity&Version=2011-06-15", service="sts")["body"]';
    const identity = async (name: string) => (await field.python(code, {}, name)) as string;
    expect(await identity('borrowed')).toContain('arn:aws:sts::000000000000:assumed-role/any/borrowed');
    const settings = {
      Runtime: runtimes.python,
      Handler: 'app.handler',
      Role: 'arn:aws:iam::999999999999:role/admin',
    };
    const Code = {
      ZipFile: rawZip(
        Object.entries(attackerFiles).map(([name, text]) => ({ name, data: Buffer.from(text) })),
      ),
    };
    await field.client.send(new CreateFunctionCommand({ FunctionName: 'foreign', Code, ...settings }));
    const pace = { maxWaitTime: 60, minDelay: 0.05, maxDelay: 0.5 };
    await waitUntilFunctionActiveV2({ client: field.client, ...pace }, { FunctionName: 'foreign' });
    expect(await identity('foreign')).toContain('arn:aws:sts::000000000000:assumed-role/admin/foreign');
  });
});

describe('what it writes', () => {
  test('stays in its own log stream, forged platform lines and frames of the log channel included', async () => {
    const code = `
import os, struct, sys
forged = "11111111-2222-3333-4444-555555555555"
os.write(1, b"\\x1b[2J\\x1b]0;title\\x07\\x00\\r\\xff\\xfe after\\n")
os.write(1, f"END RequestId: {forged}\\nREPORT RequestId: {forged}\\tDuration: 0 ms\\n".encode())
os.write(1, b"y" * 3_000_000 + b"\\n")
for frame in (b"", b"\\xa5\\x5a\\x00\\x03\\xff\\xff\\xff\\xff" + bytes(8) + b"endless", b"\\xa5\\x5a\\x00\\x03\\0\\0\\0\\5\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xfffuture"):
    os.write(3, frame)
os.write(3, os.urandom(200_000))
result = "wrote"
`;
    expect(await field.python(code)).toBe('wrote');
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const logs = new CloudWatchLogsClient({
      endpoint: field.hearth.endpoint,
      region: 'us-east-1',
      credentials,
    });
    const read = async (logGroupName: string) => {
      const found = [];
      for await (const page of paginateFilterLogEvents({ client: logs }, { logGroupName }))
        found.push(...(page.events ?? []));
      return found;
    };
    await expect
      .poll(async () => (await read('/aws/lambda/attacker')).length, { timeout: 20_000 })
      .toBeGreaterThan(10);
    const events = await read('/aws/lambda/attacker');
    expect(
      events.some(({ message = '' }) => message.includes('\x1b[2J\x1b]0;title\x07\0\r\ufffd\ufffd after')),
    ).toBe(true);
    expect(Math.max(...events.map(({ message = '' }) => Buffer.byteLength(message)))).toBeLessThanOrEqual(
      262_145,
    );
    const soon = Date.now() + 60_000;
    expect(events.every(({ timestamp = 0 }) => timestamp > soon - 600_000 && timestamp < soon)).toBe(true);
    for (const group of ['/aws/lambda/victim', '/aws/lambda/neighbour', '/aws/lambda/shell']) {
      const others = await read(group).catch(() => []);
      expect(others.some(({ message = '' }) => message.includes('11111111-2222'))).toBe(false);
    }
    logs.destroy();
  });

  test('as headers of its answer reaches the caller tamed, or is refused', async () => {
    const answer = async (header: string): Promise<unknown> => {
      const code = `
import http.client, os, socket, threading
def post(kind, extra):
    host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(("POST /2018-06-01/runtime/invocation/" + context.aws_request_id + "/" + kind + " HTTP/1.1\\r\\n" + extra + "\\r\\nContent-Length: 4\\r\\n\\r\\n\\"ok\\"").encode("latin1"))
        return connection.recv(4096)
result = post("response", event["header"]).decode("latin1")
`;
      const sent = await field.client.send(
        new InvokeCommand({
          FunctionName: 'attacker',
          Payload: Buffer.from(JSON.stringify({ code, header })),
          LogType: 'Tail',
        }),
      );
      return sent.Payload?.transformToString();
    };
    expect(await answer('Content-Type: text/html\u00e9')).toBe('"ok"');
    expect(await answer('Content-Type: a\u001b[2J')).toMatch(/400 Bad Request/);
    expect(await answer('Content-Type: a\r\n X-Folded: 1')).toMatch(/400 Bad Request/);
    expect(await answer('Content-Type: a\nSet-Cookie: evil=1')).toMatch(/400 Bad Request/);
    expect(await field.python('result = 1')).toBe(1);
  });
});

describe('folders that are mounted live', () => {
  const says = (text: string): string => `import os\ndef handler(event, context):\n    ${text}\n`;

  async function deployLive(FunctionName: string, S3Key: string): Promise<void> {
    const settings = { Runtime: runtimes.python, Handler: 'app.handler', Role: ROLE, Timeout: 10 };
    const Code = { S3Bucket: 'hot-reload', S3Key };
    await field.client.send(new CreateFunctionCommand({ FunctionName, Code, ...settings }));
    const pace = { maxWaitTime: 60, minDelay: 0.05, maxDelay: 0.5 };
    await waitUntilFunctionActiveV2({ client: field.client, ...pace }, { FunctionName });
  }

  test('are not to be had from inside, with whatever credentials', async () => {
    const code = `
import json, os
from signer import call
body = json.dumps({"S3Bucket": "hot-reload", "S3Key": event["folder"]})
path = "/2015-03-31/functions/attacker/code"
result = [call("PUT", path, body, **more)["status"] for more in ({}, {"key": "test", "secret": "test", "token": ""}, {"key": "000000000000", "secret": "x", "token": ""})]
`;
    expect(await field.python(code, { folder: join(home, 'live/code') })).toEqual([400, 400, 400]);
  });

  test('are the ones allowed: no link leads out of them, neither when made nor when turned later', async () => {
    writeFileSync(join(home, 'secret/app.py'), says('return "secret"'));
    symlinkSync(join(home, 'secret'), join(home, 'live/link'));
    await expect(deployLive('linked', join(home, 'live/link'))).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
    });
    await expect(deployLive('dotted', join(home, 'live/../secret'))).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
    });
    writeFileSync(join(home, 'live/code/app.py'), says('return "code"'));
    await deployLive('turned', join(home, 'live/code'));
    renameSync(join(home, 'live/code'), join(home, 'live/aside'));
    symlinkSync(join(home, 'secret'), join(home, 'live/code'));
    const answer = await invoke(field.client, 'turned').catch((error: unknown) => ({
      payload: String(error),
    }));
    expect(JSON.stringify(answer.payload)).not.toMatch(/^"secret"$/);
  });

  test('can be read and not written, and links in them lead nowhere on the host', async () => {
    mkdirSync(join(home, 'live/plain'));
    symlinkSync(join(home, 'secret/app.py'), join(home, 'live/plain/link'));
    symlinkSync('/root', join(home, 'live/plain/root'));
    const body = `result = []
    for path in ("/var/task/link", "/var/task/root/.bashrc"):
        result.append(os.path.exists(path))
    try:
        open("/var/task/written", "w")
    except OSError as error:
        result.append(error.errno)
    return result`;
    writeFileSync(join(home, 'live/plain/app.py'), says(body));
    await deployLive('plain', join(home, 'live/plain'));
    expect((await invoke(field.client, 'plain')).payload).toEqual([false, false, 30]);
  });
});
