import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateFunctionCommand,
  InvokeCommand,
  LambdaClient,
  ListFunctionsCommand,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, expect } from 'vitest';
import { SessionCredentials } from '../../src/aws-protocol/index.ts';
import { ManualClock, randomIds } from '../../src/base/index.ts';
import { attackerFiles, attackTest } from '../support/attacks.ts';
import { ROLE, runtimes } from '../support/functions.ts';
import { type RunningHearth, startHearth } from '../support/hearth.ts';
import { awsEnv, needs, programs, run } from '../support/programs.ts';
import { zip } from '../support/zip.ts';

/** `--auth keys`: nobody is believed, from outside or from inside an environment. */
interface Key {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const test = attackTest;
let hearth: RunningHearth;
let key: Key;
let otherKey: Key;
let client: LambdaClient;

beforeAll(async () => {
  hearth = await startHearth({ args: ['--auth', 'keys'] });
  key = await createKey('000000000000');
  otherKey = await createKey('222222222222');
  client = clientOf(key);
  await deploy(client, 'caller', ROLE);
});

afterAll(async () => {
  client?.destroy();
  await hearth?.dispose();
});

async function operate(method: string, path: string, body?: object): Promise<Response> {
  const token = readFileSync(join(hearth.dataFolder, 'operator-token'), 'utf8').trim();
  return fetch(`${hearth.endpoint}/_hearth${path}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body && { body: JSON.stringify(body) }),
  });
}

async function createKey(account: string): Promise<Key> {
  return (await (await operate('POST', '/keys', { account })).json()) as Key;
}

function clientOf(credentials: Key & { sessionToken?: string }): LambdaClient {
  return new LambdaClient({ endpoint: hearth.endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
}

async function deploy(as: LambdaClient, FunctionName: string, Role: string): Promise<void> {
  const Code = { ZipFile: zip(attackerFiles) };
  const settings = { Runtime: runtimes.python, Handler: 'app.handler', Timeout: 20, MemorySize: 512 };
  await as.send(new CreateFunctionCommand({ FunctionName, Role, Code, ...settings }));
  const pace = { maxWaitTime: 60, minDelay: 0.05, maxDelay: 0.5 };
  await waitUntilFunctionActiveV2({ client: as, ...pace }, { FunctionName });
}

/** Runs Python in the function; `call` signs with the role's session, but for what it is told. */
async function inside(
  code: string,
  more: object = {},
  FunctionName = 'caller',
  as = client,
): Promise<unknown> {
  const Payload = Buffer.from(JSON.stringify({ code: `from signer import call\n${code}`, ...more }));
  const answer = await as.send(new InvokeCommand({ FunctionName, Payload }));
  const result: unknown = JSON.parse(answer.Payload?.transformToString() ?? 'null');
  if (answer.FunctionError) throw new Error(JSON.stringify(result));
  return result;
}

test('a function calls back with the session of its role, and is who its role is', async () => {
  const code = `
answers = [call("GET", "/2015-03-31/functions"), call("POST", "/", "Action=GetCallerIdentity&Version=2011-06-15", service="sts")]
answers.append(call("POST", "/2015-03-31/functions/caller/invocations", '{"code": "result = 42"}'))
result = [[answer["status"], answer["body"]] for answer in answers]
`;
  const [list, identity, invoked] = (await inside(code)) as [number, string][];
  expect(list).toEqual([200, expect.stringContaining('"FunctionName":"caller"')]);
  expect(identity).toEqual([
    200,
    expect.stringContaining('arn:aws:sts::000000000000:assumed-role/any/caller'),
  ]);
  expect(invoked).toEqual([200, '42']);
});

test('forged, foreign, skewed, replayed and unsigned requests from inside fail by the names that AWS gives', async () => {
  const clock = new ManualClock(Date.now() - 3_600_000);
  const masterKey = Buffer.from(readFileSync(join(hearth.dataFolder, 'master.key'), 'utf8').trim(), 'hex');
  const sessions = new SessionCredentials({ masterKey, clock, ids: randomIds });
  const expired = sessions.issue({ roleArn: ROLE, sessionName: 'old', durationMs: 900_000 });
  const code = `
import datetime, os
now = datetime.datetime.now(datetime.timezone.utc)
list, invoke = "/2015-03-31/functions", "/2015-03-31/functions/caller/invocations"
old = event["expired"]
result = [answer["error"] for answer in (
    call("GET", list, secret="x" * 40),
    call("GET", list, token=os.environ["AWS_SESSION_TOKEN"][:-4] + "AAAA"),
    call("GET", list, token=""),
    call("GET", list, key=event["other"]),
    call("GET", list, key="222222222222", secret="test", token=""),
    call("GET", list, key=old["accessKeyId"], secret=old["secretAccessKey"], token=old["sessionToken"]),
    call("GET", list, at=now - datetime.timedelta(minutes=16)),
    call("GET", list, at=now + datetime.timedelta(minutes=16)),
    call("POST", invoke, '{"forged": 1}', signed_body='{"code": "result = 1"}'),
    call("GET", list, anonymous=True),
)]
`;
  expect(await inside(code, { expired, other: otherKey.accessKeyId })).toEqual([
    'InvalidSignatureException',
    'UnrecognizedClientException',
    'UnrecognizedClientException',
    'UnrecognizedClientException',
    'UnrecognizedClientException',
    'ExpiredTokenException',
    'InvalidSignatureException',
    'InvalidSignatureException',
    'InvalidSignatureException',
    'MissingAuthenticationTokenException',
  ]);
});

test('a session opens its own account and no other', async () => {
  const other = clientOf(otherKey);
  await deploy(other, 'private', 'arn:aws:iam::222222222222:role/any');
  const code = `
private = "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A222222222222%3Afunction%3Aprivate"
result = [call("GET", private)["error"], call("POST", private + "/invocations", "{}")["error"], call("GET", "/2015-03-31/functions/private")["error"]]
`;
  expect(await inside(code)).toEqual([
    'AccessDeniedException',
    'AccessDeniedException',
    'ResourceNotFoundException',
  ]);
  const list = 'result = call("GET", "/2015-03-31/functions")["body"]';
  expect(await inside(list, {}, 'private', other)).not.toContain('caller');
  other.destroy();
});

test('a role of another account cannot be had by giving it to a function', async () => {
  await expect(deploy(client, 'thief', 'arn:aws:iam::222222222222:role/admin')).rejects.toMatchObject({
    name: 'AccessDeniedException',
    message: 'Cross-account pass role is not allowed.',
  });
});

test('a session of a role makes no function of a folder of the host', async () => {
  const code = `
import json
body = json.dumps({"S3Bucket": "hot-reload", "S3Key": "/"})
answer = call("PUT", "/2015-03-31/functions/caller/code", body)
result = [answer["status"], answer["body"]]
`;
  expect(await inside(code)).toEqual([400, expect.stringContaining('Hot reload refused')]);
});

test('keys take effect as soon as they are made, and none once they are deleted', async () => {
  const made = await createKey('333333333333');
  const short = clientOf(made);
  expect((await short.send(new ListFunctionsCommand({}))).Functions).toEqual([]);
  expect((await operate('DELETE', `/keys/${made.accessKeyId}`)).status).toBe(204);
  await expect(short.send(new ListFunctionsCommand({}))).rejects.toMatchObject({
    name: 'UnrecognizedClientException',
  });
  short.destroy();
  const wrong = clientOf({ ...key, secretAccessKey: 'wrong' });
  await expect(wrong.send(new ListFunctionsCommand({}))).rejects.toMatchObject({
    name: 'InvalidSignatureException',
  });
  wrong.destroy();
});

test('a link to code opens for whoever holds it, and for nobody once a letter of it is changed', async () => {
  const answer = (await inside('result = call("GET", "/2015-03-31/functions/caller")["body"]')) as string;
  const { Code } = JSON.parse(answer) as { Code: { Location: string } };
  expect((await fetch(Code.Location)).status).toBe(200);
  const last = Code.Location.at(-1) === '0' ? '1' : '0';
  expect((await fetch(Code.Location.slice(0, -1) + last)).status).toBe(403);
});

test('a server that other machines can reach is not started without it', async () => {
  const refused = startHearth({ args: ['--host', '0.0.0.0', '--auth', 'permissive'] });
  await expect(refused).rejects.toThrow('it takes --auth keys');
});

const cli = needs(programs.awsCli, 'the AWS CLI');
cli('the AWS CLI is let in by a key, and by nothing else', async () => {
  const list = async (AWS_ACCESS_KEY_ID: string, AWS_SECRET_ACCESS_KEY: string) =>
    run(
      [
        programs.awsCli ?? '',
        '--endpoint-url',
        hearth.endpoint,
        'lambda',
        'list-functions',
        '--query',
        'Functions[].FunctionName',
      ],
      {
        env: awsEnv(hearth.endpoint, { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY }),
      },
    );
  expect((await list(key.accessKeyId, key.secretAccessKey)).stdout).toContain('caller');
  expect((await list(key.accessKeyId, 'wrong')).stderr).toContain('InvalidSignatureException');
  expect((await list('test', 'test')).stderr).toContain('UnrecognizedClientException');
});

const boto3 = needs(programs.python, 'Python');
boto3(
  'boto3 is let in by a key, by header and by a presigned address, which holds for what was signed',
  async () => {
    const code = `
import boto3, sys, urllib.request, urllib.error
from botocore.exceptions import ClientError
endpoint, key, secret = sys.argv[1:]
lambdas = boto3.client("lambda", "us-east-1", endpoint_url=endpoint, aws_access_key_id=key, aws_secret_access_key=secret)
print([each["FunctionName"] for each in lambdas.list_functions()["Functions"]])
url = lambdas.generate_presigned_url("get_function_configuration", {"FunctionName": "caller"}, ExpiresIn=60)
print(urllib.request.urlopen(url).status)
for change in (url.replace("/caller/", "/caller2/"), url.replace("X-Amz-Expires=60", "X-Amz-Expires=600"), url[:-1] + ("0" if url[-1] != "0" else "1")):
    try:
        urllib.request.urlopen(change)
    except urllib.error.HTTPError as error:
        print(error.code, error.headers["x-amzn-errortype"])
`;
    const done = await run(
      [programs.python ?? '', '-c', code, hearth.endpoint, key.accessKeyId, key.secretAccessKey],
      {
        env: awsEnv(hearth.endpoint),
      },
    );
    expect(done.stderr).toBe('');
    const refused = '403 InvalidSignatureException\n';
    expect(done.stdout).toBe(`['caller']\n200\n${refused.repeat(3)}`);
  },
);
