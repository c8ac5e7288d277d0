import {
  InvokeWithResponseStreamCommand,
  type InvokeWithResponseStreamCompleteEvent,
  type LambdaClient,
  TooManyRequestsException,
  PutFunctionConcurrencyCommand,
} from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { boto3Checks } from '../support/boto3-checks.ts';
import { createNode, lambdaClient } from '../support/functions.ts';
import { type RunningHearth, startHearth } from '../support/hearth.ts';

describe('InvokeWithResponseStream, through boto3', () => boto3Checks('response_streaming.py'));

describe('InvokeWithResponseStream, through the AWS SDK for JavaScript', () => {
  let hearth: RunningHearth;
  let client: LambdaClient;

  beforeAll(async () => {
    hearth = await startHearth();
    client = lambdaClient(hearth.endpoint);
    await createNode(
      client,
      'conversation',
      `const files = await import('node:fs');
       export const handler = awslambda.streamifyResponse(async (event, stream) => {
         const http = awslambda.HttpResponseStream.from(stream, { statusCode: 200, headers: { 'content-type': 'text/plain' } });
         http.write('first');
         if (event.hang) await new Promise(() => setInterval(() => {}, 1000));
         if (event.exit) setTimeout(() => process.exit(event.exit), 20);
         if (event.exit) await new Promise(() => {});
         http.end('last');
       });`,
      { Timeout: 2 },
    );
  });

  afterAll(async () => {
    client?.destroy();
    await hearth?.dispose();
  });

  interface Streamed {
    readonly text: string;
    readonly complete: InvokeWithResponseStreamCompleteEvent | undefined;
  }

  async function stream(event: object): Promise<Streamed> {
    const Payload = JSON.stringify(event);
    const { EventStream } = await client.send(
      new InvokeWithResponseStreamCommand({ FunctionName: 'conversation', Payload, LogType: 'Tail' }),
    );
    let [text, complete]: [string, Streamed['complete']] = ['', undefined];
    for await (const { PayloadChunk, InvokeComplete } of EventStream ?? []) {
      text += PayloadChunk?.Payload ? Buffer.from(PayloadChunk.Payload).toString() : '';
      complete ??= InvokeComplete;
    }
    return { text, complete };
  }

  const prelude = `{"statusCode":200,"headers":{"content-type":"text/plain"}}${'\0'.repeat(8)}`;

  function logOf({ complete }: Streamed): string {
    return Buffer.from(complete?.LogResult ?? '', 'base64').toString();
  }

  test('the prelude of an HTTP response passes through as it was written', async () => {
    const { text, complete } = await stream({});
    expect(text).toBe(`${prelude}firstlast`);
    expect(complete?.ErrorCode).toBeUndefined();
  });

  test('a timeout in the middle: what was written, then the error, and the environment starts over', async () => {
    const streamed = await stream({ hang: true });
    expect(streamed.text).toBe(`${prelude}first`);
    expect(streamed.complete?.ErrorCode).toBe('Sandbox.Timedout');
    expect(streamed.complete?.ErrorDetails).toMatch(/Error: Task timed out after 2\.00 seconds/);
    expect(logOf(streamed)).toMatch(/REPORT .*\tStatus: timeout\n$/);
    expect((await stream({})).text).toBe(`${prelude}firstlast`);
  });

  test('an exit in the middle is told the same way', async () => {
    const streamed = await stream({ exit: 3 });
    expect(streamed.text).toBe(`${prelude}first`);
    expect(streamed.complete?.ErrorCode).toBe('Runtime.ExitError');
    expect(streamed.complete?.ErrorDetails).toContain('Runtime exited with error: exit status 3');
    expect(logOf(streamed)).toMatch(/REPORT .*\tStatus: error\tError Type: Runtime\.ExitError\n$/);
    expect((await stream({})).text).toBe(`${prelude}firstlast`);
  });

  test('a throttled function is an exception of its class', async () => {
    const reserved = { FunctionName: 'conversation', ReservedConcurrentExecutions: 0 };
    await client.send(new PutFunctionConcurrencyCommand(reserved));
    await expect(stream({})).rejects.toBeInstanceOf(TooManyRequestsException);
  });
});
