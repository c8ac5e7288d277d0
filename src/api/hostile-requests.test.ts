import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadServiceModel, type ServiceModel, type ServiceName } from '../aws-protocol/index.ts';
import { createLog } from '../base/index.ts';
import { type ApiRequest, createApi, serviceApi } from './index.ts';

const context = {
  account: '000000000000',
  region: 'us-east-1',
  requestId: 'r-1',
  caller: { account: '000000000000', arn: 'arn:aws:iam::000000000000:root', userId: '000000000000' },
  origin: 'host',
  verified: false,
  baseUrl: 'http://127.0.0.1:4566',
} as const;

/** Every operation there is, each of which accepts whatever passes. */
function allOperations(service: ServiceName) {
  const model = loadServiceModel(service);
  const operations = model.operationNames.map((name) => ({ name, run: () => ({}) }));
  return {
    model,
    api: createApi({ [service]: serviceApi(model, {}, operations) }, { log: createLog('silent') }),
  };
}

type Shape = NonNullable<ReturnType<ServiceModel['operation']>>['input'];

const nasty: fc.Arbitrary<unknown> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '',
    'a'.repeat(5_000),
    '$LATEST',
    '{}',
    '-1',
    'true',
    '__proto__',
    '\u0000',
    '\ud800',
    '2026-01-01T00:00:00Z',
  ),
  fc.constantFrom(0, -1, 1.5, 2 ** 53, 1e308, true, false, null),
  fc.jsonValue({ maxDepth: 3 }),
);

/** An object with the operation's own members, each right, wrong or absent, and some that it does not have. */
function bodyFor(shape: Shape): fc.Arbitrary<unknown> {
  const members = (shape?.members ?? []).filter(({ location }) => location === undefined);
  const own = fc.record(Object.fromEntries(members.map(({ wireName }) => [wireName, nasty])), {
    requiredKeys: [],
  });
  return fc.oneof(
    { weight: 8, arbitrary: own },
    { weight: 1, arbitrary: fc.dictionary(fc.string(), nasty) },
    { weight: 1, arbitrary: nasty },
  );
}

const text = fc.oneof(
  fc.string({ unit: 'binary' }).map(encodeURIComponentSafely),
  fc.constantFrom('f', 'f%3A1', '%', '%2F', '..'),
);

function encodeURIComponentSafely(value: string): string {
  return encodeURIComponent(value.toWellFormed());
}

function requestFor(model: ServiceModel): fc.Arbitrary<Partial<ApiRequest>> {
  return fc.constantFrom(...model.routes).chain(({ name, method, uri }) => {
    const body = bodyFor(model.operation(name)?.input).map((value) =>
      Buffer.from(JSON.stringify(value) ?? ''),
    );
    if (model.protocol === 'query' || model.protocol === 'ec2') return queryRequest(name);
    const headers = { 'x-amz-target': `${model.targetPrefix ?? 'x'}.${name}` };
    const [template = '/', literal = ''] = uri.split('?');
    return fc
      .tuple(body, fc.array(text, { minLength: 3, maxLength: 3 }), text)
      .map(([bytes, labels, query]) => {
        const path = template.replaceAll(/\{[^}]+\}/g, () => labels.pop() ?? 'x');
        return {
          method,
          path,
          headers,
          body: bytes,
          query: `${literal}&MaxItems=${query}&tagKeys=${query}&Qualifier=${query}`,
        };
      });
  });
}

function queryRequest(action: string): fc.Arbitrary<Partial<ApiRequest>> {
  const name = fc.oneof(
    fc.constantFrom(
      'RoleName',
      'Tags.member.1.Key',
      'Tags.member.9999999.Key',
      'Tags',
      'Path',
      'MaxItems',
      'RoleArn.x.y',
      '...',
      'PolicyDocument',
    ),
    text,
  );
  return fc.array(fc.tuple(name, text), { maxLength: 12 }).map((pairs) => ({
    body: Buffer.from([`Action=${action}`, ...pairs.map(([key, value]) => `${key}=${value}`)].join('&')),
  }));
}

/** 10,000 requests and more in all, in seconds. */
const RUNS: Readonly<Record<ServiceName, number>> = {
  lambda: 6_000,
  logs: 2_000,
  'application-autoscaling': 500,
  sts: 500,
  iam: 2_000,
  ecr: 200,
  xray: 500,
  ec2: 500,
};

describe('whatever is sent to an operation, the answer has the shape of AWS', () => {
  test.each(['lambda', 'logs', 'application-autoscaling', 'sts', 'iam', 'ecr', 'xray', 'ec2'] as const)(
    '%s',
    async (service) => {
      const { model, api } = allOperations(service);
      const seen = new Set<number>();
      await fc.assert(
        fc.asyncProperty(requestFor(model), async (request) => {
          const defaults = {
            service,
            method: 'POST',
            path: '/',
            query: '',
            headers: {},
            body: Buffer.alloc(0),
            context,
          };
          const answer = await api.handle({ ...defaults, ...request });
          seen.add(answer.status);
          expect([200, 201, 202, 204, 400, 404]).toContain(answer.status);
          expect(answer.headers['x-amzn-RequestId']).toBe('r-1');
          if (answer.status < 400) return;
          const body = Buffer.from(answer.body).toString();
          if (model.protocol === 'ec2')
            expect(body).toMatch(/^<Response><Errors><Error><Code>[\w.]+<\/Code>/);
          else if (model.protocol === 'query')
            expect(body).toMatch(
              /^<ErrorResponse xmlns="[^"]+"><Error><Type>Sender<\/Type><Code>\w+<\/Code>/,
            );
          else expect(JSON.parse(body)).toMatchObject({ message: expect.any(String) as string });
        }),
        { numRuns: RUNS[service] },
      );
      // EC2's model has next to no constraints.
      expect(seen).toContain(service === 'ec2' ? 200 : 400);
    },
  );
});

test('a body of any bytes at all is refused as not being JSON, or accepted as JSON', async () => {
  const { api } = allOperations('lambda');
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
      const request = {
        service: 'lambda',
        method: 'POST',
        path: '/2015-03-31/functions',
        query: '',
        headers: {},
        body: Buffer.from(bytes),
        context,
      } as const;
      expect((await api.handle(request)).status).toBe(400);
    }),
    { numRuns: 2_000 },
  );
});

test('nesting of any depth is refused in bounded time', async () => {
  const { api } = allOperations('lambda');
  for (const body of [
    '['.repeat(100_000),
    '{"Code":'.repeat(100_000),
    `${'{"Code":'.repeat(100_000)}1${'}'.repeat(100_000)}`,
  ]) {
    const request = {
      service: 'lambda',
      method: 'POST',
      path: '/2015-03-31/functions',
      query: '',
      headers: {},
      body: Buffer.from(body),
      context,
    } as const;
    expect((await api.handle(request)).status).toBe(400);
  }
});
