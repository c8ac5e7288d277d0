import {
  CreateAliasCommand,
  CreateFunctionCommand,
  GetFunctionCommand,
  InvalidParameterValueException,
  InvalidRequestContentException,
  InvokeCommand,
  type LambdaClient,
  PreconditionFailedException,
  paginateListAliases,
  paginateListLayers,
  paginateListLayerVersions,
  paginateListVersionsByFunction,
  PublishLayerVersionCommand,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
  ResourceConflictException,
  ResourceNotFoundException,
  TooManyRequestsException,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionActive,
  waitUntilFunctionActiveV2,
  waitUntilFunctionExists,
  waitUntilFunctionUpdated,
  waitUntilFunctionUpdatedV2,
  waitUntilPublishedVersionActive,
} from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPython, lambdaClient, ROLE, runtimes } from '../support/functions.ts';
import { type RunningHearth, startHearth } from '../support/hearth.ts';
import { zip } from '../support/zip.ts';

/** What programs written with the AWS SDK for JavaScript rely on: waiters, paginators, error classes. */
const source = 'def handler(event, context):\n    return event\n';
const soon = { maxWaitTime: 60, minDelay: 0.05, maxDelay: 0.5 };

let hearth: RunningHearth;
let client: LambdaClient;

beforeAll(async () => {
  hearth = await startHearth();
  client = lambdaClient(hearth.endpoint);
});

afterAll(async () => {
  client?.destroy();
  await hearth?.dispose();
});

function create(FunctionName: string): Promise<unknown> {
  const Code = { ZipFile: zip({ 'app.py': source }) };
  const settings = { Runtime: runtimes.python, Handler: 'app.handler', Role: ROLE, Code, Publish: true };
  return client.send(new CreateFunctionCommand({ FunctionName, ...settings }));
}

describe('waiters', () => {
  test.each(
    Object.entries({
      waitUntilFunctionExists,
      waitUntilFunctionActive,
      waitUntilFunctionActiveV2,
      waitUntilFunctionUpdated,
      waitUntilFunctionUpdatedV2,
    }),
  )('%s ends for a function that was just made', async (name, wait) => {
    await create(name);
    expect(await wait({ client, ...soon }, { FunctionName: name })).toMatchObject({ state: 'SUCCESS' });
  });

  test('waitUntilPublishedVersionActive ends for a version that was just published', async () => {
    await create('published');
    const version = { FunctionName: 'published', Qualifier: '1' };
    expect(await waitUntilPublishedVersionActive({ client, ...soon }, version)).toMatchObject({
      state: 'SUCCESS',
    });
  });

  test('waitUntilFunctionUpdatedV2 ends when the update can be invoked', async () => {
    const FunctionName = 'updated';
    await createPython(
      client,
      FunctionName,
      'import os\ndef handler(event, context):\n    return os.environ.get("A1")\n',
    );
    for (const A1 of ['one', 'two']) {
      const Environment = { Variables: { A1 } };
      await client.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment }));
      await waitUntilFunctionUpdatedV2({ client, ...soon }, { FunctionName });
      const { Payload } = await client.send(new InvokeCommand({ FunctionName }));
      expect(Payload?.transformToString()).toBe(`"${A1}"`);
    }
  });
});

describe('paginators give every item once', () => {
  beforeAll(async () => {
    const FunctionName = 'paged';
    await createPython(client, FunctionName, source, { Publish: true });
    for (const Timeout of [4, 5]) {
      await client.send(new UpdateFunctionConfigurationCommand({ FunctionName, Timeout }));
      await waitUntilFunctionUpdatedV2({ client, ...soon }, { FunctionName });
      await client.send(new PublishVersionCommand({ FunctionName }));
    }
    for (const Name of ['a', 'b', 'c'])
      await client.send(new CreateAliasCommand({ FunctionName, Name, FunctionVersion: '1' }));
    const Content = { ZipFile: zip({ 'python/shared.py': 'A = 1\n' }) };
    for (const LayerName of ['one', 'two', 'two', 'two'])
      await client.send(new PublishLayerVersionCommand({ LayerName, Content }));
  });

  async function pages<Page>(
    paginator: AsyncIterable<Page>,
    items: (page: Page) => readonly unknown[] | undefined,
  ): Promise<readonly unknown[]> {
    const found: Page[] = [];
    for await (const page of paginator) found.push(page);
    expect(found.length).toBeGreaterThan(1);
    return found.flatMap((page) => items(page) ?? []);
  }

  const FunctionName = 'paged';

  test('of versions', async () => {
    const list = paginateListVersionsByFunction({ client, pageSize: 3 }, { FunctionName });
    expect(await pages(list, (page) => page.Versions?.map(({ Version }) => Version))).toEqual([
      '$LATEST',
      '1',
      '2',
      '3',
    ]);
  });

  test('of aliases', async () => {
    const list = paginateListAliases({ client, pageSize: 1 }, { FunctionName });
    expect(await pages(list, (page) => page.Aliases?.map(({ Name }) => Name))).toEqual(['a', 'b', 'c']);
  });

  test('of layers', async () => {
    const list = paginateListLayers({ client, pageSize: 1 }, {});
    expect(
      await pages(list, (page) => page.Layers?.map(({ LatestMatchingVersion: latest }) => latest?.Version)),
    ).toEqual([1, 3]);
  });

  test('of layer versions', async () => {
    const list = paginateListLayerVersions({ client, pageSize: 2 }, { LayerName: 'two' });
    expect(await pages(list, (page) => page.LayerVersions?.map(({ Version }) => Version))).toEqual([3, 2, 1]);
  });
});

describe('errors', () => {
  const FunctionName = 'refusing';
  beforeAll(() => createPython(client, FunctionName, source));

  test.each([
    ['a missing function', new GetFunctionCommand({ FunctionName: 'nowhere' }), ResourceNotFoundException],
    [
      'a function that is there already',
      new CreateFunctionCommand({
        FunctionName,
        Runtime: 'python3.11',
        Handler: 'app.handler',
        Role: ROLE,
        Code: { ZipFile: zip({ 'app.py': source }) },
      }),
      ResourceConflictException,
    ],
    [
      'a stale revision',
      new UpdateFunctionConfigurationCommand({ FunctionName, RevisionId: 'x' }),
      PreconditionFailedException,
    ],
    [
      'a wrong value',
      new UpdateFunctionConfigurationCommand({ FunctionName, MemorySize: 10_241 }),
      InvalidParameterValueException,
    ],
    [
      'a payload that is no JSON',
      new InvokeCommand({ FunctionName, Payload: Buffer.from('{') }),
      InvalidRequestContentException,
    ],
  ])('of %s are instances of their class, and say whose fault it is', async (_, command, Class) => {
    const error = await client.send(command as never).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(Class);
    expect(error).toMatchObject({
      Type: 'User',
      message: expect.stringMatching(/\w/),
      $fault: 'client',
      $metadata: { requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    });
  });

  test('of a throttled call carry the reason', async () => {
    const limit = { FunctionName, ReservedConcurrentExecutions: 0 };
    await client.send(new PutFunctionConcurrencyCommand(limit));
    const error = await client.send(new InvokeCommand({ FunctionName })).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TooManyRequestsException);
    expect(error).toMatchObject({
      Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded',
      message: 'Rate Exceeded.',
    });
  });
});
