import type { LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll } from 'vitest';
import { createFunction, createPython, invoke, lambdaClient } from './functions.ts';
import { type RunningHearth, startHearth } from './hearth.ts';
import { needs, programs } from './programs.ts';

export const sandboxesArePossible = programs.runc !== undefined && process.getuid?.() === 0;

/** `test` where functions can be isolated. */
export const attackTest = needs(sandboxesArePossible, 'runc, as root');

/** Runs whatever it is sent, inside its environment, and answers with what `result` became. */
const PYTHON_ATTACKER = `
def handler(event, context):
    scope = {"event": event, "context": context, "result": None}
    exec(event["code"], scope)
    return scope["result"]
`;

/** `call(method, path, …)` signs with the role's credentials as any SDK does; every part of it can be overridden. */
const SIGNER = `
import datetime, hashlib, hmac, http.client, os, urllib.parse
def sign(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
def call(method, path, body="", signed_body=None, key=None, secret=None, token=None, at=None, service="lambda", anonymous=False):
    at = at or datetime.datetime.now(datetime.timezone.utc)
    key = key or os.environ["AWS_ACCESS_KEY_ID"]
    secret = secret or os.environ["AWS_SECRET_ACCESS_KEY"]
    token = os.environ["AWS_SESSION_TOKEN"] if token is None else token
    host = os.environ["AWS_ENDPOINT_URL"].split("/")[2]
    stamp, day = at.strftime("%Y%m%dT%H%M%SZ"), at.strftime("%Y%m%d")
    headers = {"host": host, "x-amz-date": stamp}
    if token:
        headers["x-amz-security-token"] = token
    names = ";".join(sorted(headers))
    canonical = "\\n".join([method, urllib.parse.quote(path, safe="/-_.~"), "", *[n + ":" + headers[n] for n in sorted(headers)], "", names,
        hashlib.sha256((body if signed_body is None else signed_body).encode()).hexdigest()])
    scope = day + "/us-east-1/" + service + "/aws4_request"
    signing = sign(sign(sign(sign(("AWS4" + secret).encode(), day), "us-east-1"), service), "aws4_request")
    text = "\\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    signature = hmac.new(signing, text.encode(), hashlib.sha256).hexdigest()
    headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={names}, Signature={signature}"
    connection = http.client.HTTPConnection(host)
    connection.request(method, path, body, {} if anonymous else headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    return {"status": answer.status, "error": answer.getheader("x-amzn-errortype"), "body": text}
`;

/** A custom runtime in shell: the event is a base64 string of a script, the answer the script's whole output. */
const SHELL_ATTACKER = `#!/bin/bash
API="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
while true; do
  EVENT=$(curl -sS -D /tmp/.head "$API/invocation/next")
  ID=$(grep -i lambda-runtime-aws-request-id /tmp/.head | tr -d '\\r' | cut -d' ' -f2)
  OUTPUT=$(tr -d '"' <<< "$EVENT" | base64 -d | bash 2>&1 | head -c 100000 | base64 -w0)
  curl -sS -X POST "$API/invocation/$ID/response" -d "\\"$OUTPUT\\"" > /dev/null
done
`;

/** Holds a secret of every kind; `listen` opens port 8080 on every address, `sleepMs` keeps its invocation open. */
const VICTIM = `
import os, socket, threading, time
MARKER = "code-of-the-victim-8d1f"
open("/tmp/secret", "w").write("file-of-the-victim-8d1f")
def handler(event, context):
    if event.get("listen"):
        server = socket.create_server(("0.0.0.0", 8080))
        probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        probe.connect(("192.0.2.1", 9))
        return probe.getsockname()[0]
    time.sleep(event.get("sleepMs", 0) / 1000)
    return {name: os.environ[name] for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "SECRET")}
`;

/** A server with a victim, attackers and an honest neighbour. */
export interface Battlefield {
  readonly hearth: RunningHearth;
  readonly client: LambdaClient;
  /** Runs Python inside the attacking function; throws with the error when the function failed. */
  python(code: string, more?: Readonly<Record<string, unknown>>, name?: string): Promise<unknown>;
  /** Runs a shell script inside a custom runtime; gives what it printed, errors included. */
  shell(script: string): Promise<string>;
  /** The neighbour's answer, which is its event. */
  neighbour(event: unknown): Promise<unknown>;
}

/** What the attacking Python function is made of; `import signer` gives its code signed calls. */
export const attackerFiles = { 'app.py': PYTHON_ATTACKER, 'signer.py': SIGNER } as const;

/** One server for a test file, made before its first test. Call at the top of the file. */
export function battlefield(args: () => readonly string[] = () => []): Battlefield {
  let hearth: RunningHearth | undefined;
  let client: LambdaClient | undefined;
  beforeAll(async () => {
    if (!sandboxesArePossible) return;
    hearth = await startHearth({ args: ['--sandbox', 'oci', ...args()] });
    client = lambdaClient(hearth.endpoint);
    await Promise.all([
      createPython(client, 'attacker', '', { files: attackerFiles, Timeout: 30, MemorySize: 1769 }),
      createPython(client, 'victim', VICTIM, {
        Timeout: 30,
        Environment: { Variables: { SECRET: 'variable-of-the-victim-8d1f' } },
      }),
      createPython(client, 'neighbour', 'def handler(event, context):\n    return event\n', { Timeout: 30 }),
      createFunction(client, {
        name: 'shell',
        files: { bootstrap: SHELL_ATTACKER },
        Runtime: 'provided.al2023',
        Handler: 'none',
        Timeout: 30,
        MemorySize: 1769,
      }),
    ]);
  });
  afterAll(async () => {
    client?.destroy();
    await hearth?.dispose();
  });
  const ready = (): LambdaClient => {
    if (!client) throw new Error('the server did not start');
    return client;
  };
  return {
    get hearth() {
      if (!hearth) throw new Error('the server did not start');
      return hearth;
    },
    get client() {
      return ready();
    },
    python: async (code, more = {}, name = 'attacker') => {
      const answer = await invoke(ready(), name, { code, ...more });
      if (answer.functionError) throw new Error(JSON.stringify(answer.payload));
      return answer.payload;
    },
    shell: async (script) => {
      const answer = await invoke(ready(), 'shell', Buffer.from(script).toString('base64'));
      if (answer.functionError) throw new Error(JSON.stringify(answer.payload));
      return Buffer.from(String(answer.payload), 'base64').toString();
    },
    neighbour: async (event) => (await invoke(ready(), 'neighbour', event)).payload,
  };
}
