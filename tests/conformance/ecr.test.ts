import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateFunctionCommand, waitUntilFunctionActiveV2 } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { boto3Checks } from '../support/boto3-checks.ts';
import { awsCli } from '../support/aws-cli.ts';
import { createPython, invoke, lambdaClient, ROLE } from '../support/functions.ts';
import { type RunningHearth, startHearth } from '../support/hearth.ts';
import { awsEnv, needs, programs, run } from '../support/programs.ts';
import { imageTools, type RunningRegistry, startRegistry } from '../support/registry.ts';
import { ImageLayout, shellOutput } from '../support/shell-image.ts';

describe('ECR, through boto3', () =>
  boto3Checks('ecr.py', { args: ['--registry', 'http://AWS:secret@127.0.0.1:5999'] }));

describe('with a registry of the operator', () => {
  const ready = imageTools && programs.runc !== undefined && process.getuid?.() === 0;
  const test = needs(
    ready && programs.awsCli,
    'docker-registry, skopeo, umoci, runc as root and the AWS CLI',
  );
  let folder: string;
  let registry: RunningRegistry;
  let hearth: RunningHearth;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hearth-ecr-'));
    if (!ready) return;
    registry = await startRegistry('AWS:secret');
    hearth = await startHearth({ args: ['--registry', `http://AWS:secret@${registry.host}`] });
  });

  afterAll(async () => {
    await hearth?.dispose();
    await registry?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('people log in as to ECR, push, and deploy by the name that ECR would give', async () => {
    const cli = awsCli(programs.awsCli ?? '', { endpoint: hearth.endpoint, cwd: folder });
    const answer = (await cli.call('ecr', 'get-authorization-token')) as {
      authorizationData: { proxyEndpoint: string }[];
    };
    expect(answer.authorizationData[0]?.proxyEndpoint).toBe(`http://${registry.host}`);
    // Debian's CLI does not know AWS_ENDPOINT_URL.
    const ask = ['--endpoint-url', hearth.endpoint, 'ecr', 'get-login-password'];
    const password = await run([programs.awsCli ?? '', ...ask], { env: awsEnv(hearth.endpoint) });
    expect(password.stdout.trim()).toBe('secret');
    const [authfile, user] = [join(folder, 'auth.json'), ['--username', 'AWS', '--password-stdin']];
    const login = ['skopeo', 'login', '--tls-verify=false', '--authfile', authfile, ...user, registry.host];
    expect(await run(login, { input: password.stdout })).toMatchObject({ code: 0 });
    const layout = await ImageLayout.create();
    await layout.addShell('one');
    const push = ['skopeo', 'copy', '--insecure-policy', '--dest-tls-verify=false', '--authfile', authfile];
    const copied = await run([...push, `oci:${layout.image('one')}`, `docker://${registry.host}/shell:one`]);
    expect(copied).toMatchObject({ code: 0 });
    const client = lambdaClient(hearth.endpoint);
    const ImageUri = '123456789012.dkr.ecr.us-east-1.amazonaws.com/shell:one';
    await client.send(
      new CreateFunctionCommand({
        FunctionName: 'pushed',
        Role: ROLE,
        PackageType: 'Image',
        Code: { ImageUri },
      }),
    );
    await waitUntilFunctionActiveV2({ client, maxWaitTime: 60 }, { FunctionName: 'pushed' });
    expect(shellOutput((await invoke(client, 'pushed', 'echo in')).payload)).toBe('in');
    client.destroy();
  });

  test('functions get no login, and name no server of this machine as a registry', async () => {
    const client = lambdaClient(hearth.endpoint);
    await createPython(client, 'inside', inside);
    const call = (service: string, path: string, body: object, target = '') =>
      invoke(client, 'inside', { service, path, body, target });
    const token = await call('ecr', '/', {}, 'AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken');
    expect(token.payload).toContain('Functions get no login for the registry.');
    const port = new URL(hearth.endpoint).port;
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, '169.254.169.254', '[::1]:80']) {
      const made = await call('lambda', '/2015-03-31/functions', {
        FunctionName: 'x',
        Role: ROLE,
        PackageType: 'Image',
        Code: { ImageUri: `${host}/a:b` },
      });
      expect(made.payload).toContain('functions take no images from');
    }
    client.destroy();
  });
});

/** Calls the API from inside, with keys that nobody checks. */
const inside = `import json, os, urllib.error, urllib.request

def handler(event, context):
    scope = f"test/20260101/us-east-1/{event['service']}/aws4_request"
    headers = {
        'Authorization': f'AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0',
        'X-Amz-Target': event['target'],
        'Content-Type': 'application/x-amz-json-1.1',
    }
    url = os.environ['AWS_ENDPOINT_URL'] + event['path']
    request = urllib.request.Request(url, json.dumps(event['body']).encode(), headers)
    try:
        return urllib.request.urlopen(request).read().decode()
    except urllib.error.HTTPError as error:
        return error.read().decode()
`;
