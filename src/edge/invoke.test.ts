import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { awsError } from '../model/index.ts';
import { call, type RunningEdge, runEdge } from './edge.fixture.ts';

let edge: RunningEdge;
beforeAll(async () => {
  edge = await runEdge({
    invoke: async ({ payload, tail, address }) => {
      if (address.name === 'missing') throw awsError('ResourceNotFoundException', 'Function not found: x');
      const functionError = address.name === 'failing' ? { functionError: 'Unhandled' as const } : {};
      return {
        payload,
        executedVersion: '7',
        ...functionError,
        ...(tail && { logTail: Buffer.from('END') }),
      };
    },
  });
});
afterAll(() => edge.stop());

const path = (name: string): string => `/2015-03-31/functions/${name}/invocations`;

describe('through the AWS SDK', () => {
  const client = () =>
    new LambdaClient({
      endpoint: edge.endpoint,
      region: 'eu-west-1',
      credentials: { accessKeyId: '123456789012', secretAccessKey: 'any' },
      maxAttempts: 1,
    });

  test('payload, version, log tail and request id come back; region and account come from the credentials', async () => {
    const answer = await client().send(
      new InvokeCommand({
        FunctionName: 'echo',
        Qualifier: 'live',
        Payload: '{"a":1}',
        LogType: 'Tail',
        ClientContext: Buffer.from('{"custom":{}}').toString('base64'),
      }),
    );
    expect(Buffer.from(answer.Payload ?? []).toString()).toBe('{"a":1}');
    expect(answer).toMatchObject({
      StatusCode: 200,
      ExecutedVersion: '7',
      LogResult: Buffer.from('END').toString('base64'),
    });
    const invocation = edge.invocations.at(-1);
    expect(invocation?.address).toEqual({
      account: '123456789012',
      region: 'eu-west-1',
      name: 'echo',
      qualifier: 'live',
    });
    expect(invocation?.clientContext).toBe('{"custom":{}}');
    expect(answer.$metadata.requestId).toBe(invocation?.requestId);
  });

  test("a function's failure is an answer, a missing function an error", async () => {
    const answer = await client().send(new InvokeCommand({ FunctionName: 'failing' }));
    expect(answer).toMatchObject({ StatusCode: 200, FunctionError: 'Unhandled' });
    const missing = client().send(new InvokeCommand({ FunctionName: 'missing' }));
    await expect(missing).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      $metadata: { httpStatusCode: 404 },
    });
  });

  test('an ARN of the caller’s own account leads to the function, one of another account to a refusal', async () => {
    await client().send(
      new InvokeCommand({ FunctionName: 'arn:aws:lambda:eu-west-1:123456789012:function:echo:1' }),
    );
    expect(edge.invocations.at(-1)?.address).toEqual({
      account: '123456789012',
      region: 'eu-west-1',
      name: 'echo',
      qualifier: '1',
    });
    const foreign = client().send(
      new InvokeCommand({ FunctionName: 'arn:aws:lambda:eu-west-1:111111111111:function:echo' }),
    );
    await expect(foreign).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });
});

describe('what is refused before the function runs', () => {
  const refused = async (name: string, options: Parameters<typeof call>[2] = {}) => {
    const before = edge.invocations.length;
    const answer = await call(edge, name, options);
    expect(edge.invocations.length).toBe(before);
    expect(answer.headers['x-amzn-requestid']).toMatch(/^[0-9a-f-]{36}$/);
    return {
      ...answer,
      code: answer.headers['x-amzn-errortype'],
      json: JSON.parse(answer.body || '{}') as Record<string, unknown>,
    };
  };

  test('a payload that is not JSON, in the words of AWS', async () => {
    const answer = await refused(path('echo'), { body: '{{' });
    expect(answer).toMatchObject({ status: 400, code: 'InvalidRequestContentException' });
    expect(answer.json).toEqual({
      Type: 'User',
      message:
        "Could not parse request body into json: Could not parse payload into json: Unexpected character ('{' (code 123)): was expecting double-quote to start field name\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: 3]",
    });
    expect(
      (await refused(path('echo'), { body: Buffer.from([0x22, 0xa7, 0x22]) })).json['message'],
    ).toContain('Invalid UTF-8 start byte 0xa7');
  });

  test('more than 6 MB, with the size that was sent; exactly 6 MB is taken', async () => {
    const answer = await refused(path('echo'), { body: `"${'x'.repeat(6_291_455)}"` });
    expect(answer).toMatchObject({ status: 413, code: 'RequestEntityTooLargeException' });
    expect(answer.json['message']).toBe(
      '6291457 byte payload is too large for the RequestResponse invocation type (limit 6291456 bytes)',
    );
    expect((await call(edge, path('echo'), { body: `"${'x'.repeat(6_291_454)}"` })).status).toBe(200);
  });

  test.each<[string, string, Record<string, string>, number, string | RegExp]>([
    [
      'an event for later',
      path('echo'),
      { 'x-amz-invocation-type': 'Event' },
      501,
      'Hearth does not implement Invoke: InvocationType=Event.',
    ],
    [
      'a tenant whose id AWS would not take',
      path('echo'),
      { 'x-amz-tenant-id': 'a,b' },
      400,
      /Value 'a,b' at 'tenantId' failed to satisfy constraint: Member must satisfy regular expression pattern/,
    ],
    [
      'a durable execution',
      path('echo'),
      { 'x-amz-durable-execution-name': 'n' },
      501,
      'Hearth does not implement Invoke: DurableExecutionName.',
    ],
    [
      'an unknown type',
      path('echo'),
      { 'x-amz-invocation-type': 'X' },
      400,
      /Value 'X' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: \[/,
    ],
    [
      'two qualifiers',
      path('fn%3A1%3A2'),
      {},
      400,
      /Value 'fn:1:2' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern/,
    ],
    [
      'different qualifiers',
      `${path('fn:1')}?Qualifier=2`,
      {},
      400,
      'The derived qualifier from the function name does not match the specified qualifier.',
    ],
    [
      'a long qualifier',
      `${path('fn')}?Qualifier=${'a'.repeat(129)}`,
      {},
      400,
      /at 'qualifier' failed to satisfy constraint: Member must have length less than or equal to 128/,
    ],
    [
      'another region',
      path('arn%3Aaws%3Alambda%3Aeu-west-1%3A000000000000%3Afunction%3Afn'),
      {},
      404,
      "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
    ],
    [
      'a client context that is no JSON',
      path('echo'),
      { 'x-amz-client-context': 'e30xx' },
      400,
      'Client context must be a valid Base64-encoded JSON object.',
    ],
    [
      'a dry run of a missing function',
      path('nothing'),
      { 'x-amz-invocation-type': 'DryRun' },
      404,
      'Function not found: nothing',
    ],
    [
      'the asynchronous variant',
      '/2014-11-13/functions/fn/invoke-async/',
      {},
      501,
      'Hearth does not implement InvokeAsync.',
    ],
  ])('%s', async (_, target, headers, status, message) => {
    const answer = await refused(target, { headers });
    expect(answer.status).toBe(status);
    expect(answer.json['message'] ?? answer.json['Message']).toMatch(message);
  });
});

test('the tenant reaches the invoker', async () => {
  await call(edge, path('echo'), { headers: { 'x-amz-tenant-id': 'blue one' } });
  expect(edge.invocations.at(-1)?.tenantId).toBe('blue one');
  await call(edge, path('echo'));
  expect(edge.invocations.at(-1)?.tenantId).toBeUndefined();
});

test('an empty payload stays empty, whatever the spelling of the path', async () => {
  expect(await call(edge, `${path('echo')}/`)).toMatchObject({ status: 200, body: '' });
  expect(edge.invocations.at(-1)?.payload.length).toBe(0);
});
