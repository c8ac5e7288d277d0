import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { awsCli } from '../support/aws-cli.ts';
import { type RunningHearth, startHearth } from '../support/hearth.ts';
import { awsEnv, needs, programs, run } from '../support/programs.ts';
import { zip } from '../support/zip.ts';

/** The main job, typed by a person: every command through the real AWS CLI, in both of its major versions. */
const clients = [
  { name: 'AWS CLI 2', program: programs.awsCliV2 },
  { name: 'AWS CLI 1', program: programs.awsCliV1 },
];

const python =
  'def handler(event, context):\n    print("got", event)\n    return {"version": 1, "event": event}\n';
const node = 'export const handler = async (event) => ({ version: 2, keys: Object.keys(event) });\n';
const ROLE = 'arn:aws:iam::000000000000:role/any';

let hearth: RunningHearth;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hearth-cli-'));
  writeFileSync(join(folder, 'python.zip'), zip({ 'app.py': python }));
  writeFileSync(
    join(folder, 'python2.zip'),
    zip({ 'app.py': python.replace('"version": 1', '"version": 3') }),
  );
  writeFileSync(join(folder, 'node.zip'), zip({ 'index.mjs': node }));
  writeFileSync(join(folder, 'layer.zip'), zip({ 'python/shared.py': 'NAME = "layer"\n' }));
  hearth = await startHearth();
});

afterAll(async () => {
  await hearth?.dispose();
  rmSync(folder, { recursive: true, force: true });
});

describe.each(clients)('$name', ({ name, program }) => {
  const test = needs(program, name);
  const prefix = name.replaceAll(' ', '-').toLowerCase();

  const cli = (...args: string[]) => client().call(...args);
  const failing = (...args: string[]) => client().failure(...args);
  const client = () => awsCli(program ?? '', { endpoint: hearth.endpoint, cwd: folder });

  async function lambda(command: string, fn: string, ...args: string[]): Promise<unknown> {
    return await cli('lambda', command, '--function-name', fn, ...args);
  }

  async function create(fn: string, runtime: string, archive: string, handler: string): Promise<unknown> {
    const made = await lambda(
      'create-function',
      fn,
      '--runtime',
      runtime,
      '--handler',
      handler,
      '--role',
      ROLE,
      '--zip-file',
      `fileb://${archive}`,
    );
    await cli('lambda', 'wait', 'function-active-v2', '--function-name', fn);
    return made;
  }

  async function invoke(
    fn: string,
    payload: string,
    ...args: string[]
  ): Promise<{ answer: unknown; result: unknown }> {
    const out = join(folder, `${prefix}-answer.json`);
    const raw = program === programs.awsCliV2 ? ['--cli-binary-format', 'raw-in-base64-out'] : [];
    const result = await lambda('invoke', fn, ...raw, '--payload', payload, ...args, out);
    return { result, answer: JSON.parse(readFileSync(out, 'utf8')) };
  }

  test('a Python function is created, waited for, invoked with its log, and listed', async () => {
    const fn = `${prefix}-python`;
    expect(await create(fn, 'python3.11', 'python.zip', 'app.handler')).toMatchObject({
      State: 'Pending',
      Version: '$LATEST',
    });
    const { answer, result } = await invoke(fn, '{"a":1}', '--log-type', 'Tail');
    expect(answer).toEqual({ version: 1, event: { a: 1 } });
    const log = Buffer.from(String(at(result, 'LogResult')), 'base64').toString();
    expect(log).toMatch(/^START RequestId: \S+ Version: \$LATEST\n/m);
    expect(log).toContain("got {'a': 1}");
    expect(log).toMatch(
      /REPORT RequestId: \S+\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\tMax Memory Used: \d+ MB/,
    );
    const listed = await cli('lambda', 'list-functions', '--query', 'Functions[].FunctionName');
    expect(listed).toContain(fn);
  });

  test('code and configuration are updated, and the next invocation runs the new', async () => {
    const fn = `${prefix}-updated`;
    await create(fn, 'python3.11', 'python.zip', 'app.handler');
    expect((await invoke(fn, '{}')).answer).toMatchObject({ version: 1 });
    expect(await lambda('update-function-code', fn, '--zip-file', 'fileb://python2.zip')).toMatchObject({
      LastUpdateStatus: 'InProgress',
    });
    await cli('lambda', 'wait', 'function-updated-v2', '--function-name', fn);
    expect((await invoke(fn, '{}')).answer).toMatchObject({ version: 3 });
    await lambda(
      'update-function-configuration',
      fn,
      '--memory-size',
      '256',
      '--environment',
      'Variables={STAGE=test}',
    );
    await cli('lambda', 'wait', 'function-updated', '--function-name', fn);
    expect(await lambda('get-function-configuration', fn)).toMatchObject({
      MemorySize: 256,
      Environment: { Variables: { STAGE: 'test' } },
    });
  });

  test('versions, aliases and weighted routing lead to the code they name', async () => {
    const fn = `${prefix}-versions`;
    await create(fn, 'python3.11', 'python.zip', 'app.handler');
    expect(await lambda('publish-version', fn)).toMatchObject({ Version: '1' });
    await lambda('update-function-code', fn, '--zip-file', 'fileb://python2.zip', '--publish');
    await cli('lambda', 'wait', 'function-updated-v2', '--function-name', fn);
    await cli('lambda', 'wait', 'published-version-active', '--function-name', fn, '--qualifier', '2');
    expect(await lambda('create-alias', fn, '--name', 'live', '--function-version', '1')).toMatchObject({
      FunctionVersion: '1',
    });
    expect((await invoke(`${fn}:live`, '{}')).answer).toMatchObject({ version: 1 });
    await lambda('update-alias', fn, '--name', 'live', '--routing-config', 'AdditionalVersionWeights={2=1}');
    const { answer, result } = await invoke(fn, '{}', '--qualifier', 'live');
    expect(answer).toMatchObject({ version: 3 });
    expect(result).toMatchObject({ ExecutedVersion: '2' });
    expect(at(await lambda('list-versions-by-function', fn, '--max-items', '2'), 'Versions')).toHaveLength(2);
  });

  test('a layer is published and its code is importable', async () => {
    const fn = `${prefix}-layered`;
    const layer = await cli(
      'lambda',
      'publish-layer-version',
      '--layer-name',
      `${prefix}-shared`,
      '--zip-file',
      'fileb://layer.zip',
      '--compatible-runtimes',
      'python3.11',
    );
    writeFileSync(
      join(folder, `${prefix}-layered.zip`),
      zip({ 'app.py': 'import shared\ndef handler(event, context):\n    return shared.NAME\n' }),
    );
    await create(fn, 'python3.11', `${prefix}-layered.zip`, 'app.handler');
    await lambda('update-function-configuration', fn, '--layers', String(at(layer, 'LayerVersionArn')));
    await cli('lambda', 'wait', 'function-updated-v2', '--function-name', fn);
    expect((await invoke(fn, '{}')).answer).toBe('layer');
    const location = await cli(
      'lambda',
      'get-layer-version',
      '--layer-name',
      `${prefix}-shared`,
      '--version-number',
      '1',
    );
    expect(await download(String(at(location, 'Content', 'Location')))).toBe(
      at(location, 'Content', 'CodeSha256'),
    );
  });

  test('the deployed code is downloaded with plain curl', async () => {
    const fn = `${prefix}-download`;
    await create(fn, 'nodejs24.x', 'node.zip', 'index.handler');
    const found = await lambda('get-function', fn);
    expect(await download(String(at(found, 'Code', 'Location')))).toBe(
      at(found, 'Configuration', 'CodeSha256'),
    );
  });

  test('reserved concurrency of zero throttles every invocation', async () => {
    const fn = `${prefix}-throttled`;
    await create(fn, 'nodejs24.x', 'node.zip', 'index.handler');
    await lambda('put-function-concurrency', fn, '--reserved-concurrent-executions', '0');
    const failure = await failing(
      'lambda',
      'invoke',
      '--function-name',
      fn,
      '--cli-read-timeout',
      '5',
      join(folder, 'x.json'),
    );
    expect(failure).toContain('TooManyRequestsException');
    await lambda('delete-function-concurrency', fn);
    expect((await invoke(fn, '{"k":1}')).answer).toEqual({ version: 2, keys: ['k'] });
  });

  test('permissions and tags are kept and shown', async () => {
    const fn = `${prefix}-permitted`;
    const made = await create(fn, 'nodejs24.x', 'node.zip', 'index.handler');
    const arn = String(at(made, 'FunctionArn'));
    await lambda(
      'add-permission',
      fn,
      '--statement-id',
      's3',
      '--action',
      'lambda:InvokeFunction',
      '--principal',
      's3.amazonaws.com',
      '--source-arn',
      'arn:aws:s3:::bucket',
    );
    const policy = JSON.parse(String(at(await lambda('get-policy', fn), 'Policy')));
    expect(at(policy, 'Statement', 0)).toMatchObject({
      Sid: 's3',
      Principal: { Service: 's3.amazonaws.com' },
    });
    await cli('lambda', 'tag-resource', '--resource', arn, '--tags', 'team=core');
    expect(await cli('lambda', 'list-tags', '--resource', arn)).toEqual({ Tags: { team: 'core' } });
    await lambda('remove-permission', fn, '--statement-id', 's3');
    expect(await failing('lambda', 'get-policy', '--function-name', fn)).toContain(
      'ResourceNotFoundException',
    );
  });

  test('lists are paged', async () => {
    for (const number of [1, 2, 3])
      await create(`${prefix}-page-${number}`, 'nodejs24.x', 'node.zip', 'index.handler');
    const all = await cli(
      'lambda',
      'list-functions',
      '--page-size',
      '2',
      '--query',
      `length(Functions[?starts_with(FunctionName, '${prefix}-page-')])`,
    );
    expect(all).toBe(3);
  });

  test('a deleted function is gone, and deleting it again is an error', async () => {
    const fn = `${prefix}-deleted`;
    await create(fn, 'nodejs24.x', 'node.zip', 'index.handler');
    await lambda('delete-function', fn);
    expect(await failing('lambda', 'get-function', '--function-name', fn)).toContain('Function not found');
    expect(await failing('lambda', 'delete-function', '--function-name', fn)).toContain(
      'ResourceNotFoundException',
    );
  });

  test('trace segments are put, found and read', async () => {
    const second = Math.floor(Date.now() / 1_000);
    const id = `1-${second.toString(16)}-0123456789abcdef01234567`;
    const segment = {
      id: '0123456789abcdef',
      trace_id: id,
      name: 'web',
      start_time: second,
      end_time: second,
    };
    const put = ['put-trace-segments', '--trace-segment-documents', JSON.stringify(segment)] as const;
    expect(await cli('xray', ...put)).toEqual({ UnprocessedTraceSegments: [] });
    const range = ['--start-time', String(second - 5), '--end-time', String(second + 5)];
    const found = await cli('xray', 'get-trace-summaries', ...range);
    expect(found).toMatchObject({ TraceSummaries: [expect.objectContaining({ Id: id })] });
    const read = await cli('xray', 'batch-get-traces', '--trace-ids', id);
    expect(read).toMatchObject({ Traces: [{ Id: id, Segments: [{ Id: segment.id }] }] });
  });

  test('the caller has an identity and roles can be created', async () => {
    expect(await cli('sts', 'get-caller-identity')).toMatchObject({ Account: '000000000000' });
    writeFileSync(
      join(folder, 'trust.json'),
      JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
        ],
      }),
    );
    const role = await cli(
      'iam',
      'create-role',
      '--role-name',
      `${prefix}-role`,
      '--assume-role-policy-document',
      'file://trust.json',
    );
    expect(at(role, 'Role', 'Arn')).toBe(`arn:aws:iam::000000000000:role/${prefix}-role`);
  });

  const tailTest = program === programs.awsCliV2 ? test : test.skip;
  tailTest('the log of a function is tailed', async () => {
    const fn = `${prefix}-tailed`;
    await create(fn, 'python3.11', 'python.zip', 'app.handler');
    await invoke(fn, '{"find":"me"}');
    const follower = run(
      [program ?? '', '--endpoint-url', hearth.endpoint, 'logs', 'tail', `/aws/lambda/${fn}`],
      { env: awsEnv(hearth.endpoint) },
    );
    expect((await follower).stdout).toContain("got {'find': 'me'}");
  });
});

/** Downloads with curl, as a person would, and gives the base64 SHA-256 of what came. */
async function download(location: string): Promise<string> {
  const file = join(folder, 'download');
  const done = await run(['curl', '-sSf', '-o', file, location]);
  if (done.code !== 0) throw new Error(done.stderr);
  return createHash('sha256').update(readFileSync(file)).digest('base64');
}

/** The value at a path of an untyped answer. */
function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );
}
