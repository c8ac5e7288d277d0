import { describe, expect, test } from 'vitest';
import { loadServiceModel, type ServiceName } from '../aws-protocol/index.ts';
import { createLog } from '../base/index.ts';
import { awsError, notImplemented, serviceError } from '../model/index.ts';
import { type ApiRequest, createApi, type Operation, serviceApi } from './index.ts';

const log = createLog('silent');
const context = {
  account: '000000000000',
  region: 'us-east-1',
  requestId: 'r-1',
  caller: { account: '000000000000', arn: 'arn:aws:iam::000000000000:root', userId: '000000000000' },
  origin: 'host',
  verified: false,
  baseUrl: 'http://127.0.0.1:4566',
} as const;

function operation<Output>(
  name: string,
  run: (input: Record<string, unknown>) => Output,
  members?: Operation<unknown, never, unknown>['members'],
): Operation<unknown, Record<string, unknown>, Output> {
  return { name, run: (_, input) => run(input), ...(members && { members }) };
}

function api(service: ServiceName, ...operations: Operation<unknown, never, unknown>[]) {
  const created = createApi({ [service]: serviceApi(loadServiceModel(service), {}, operations) }, { log });
  return async (request: Partial<ApiRequest>) => {
    const defaults = {
      service,
      method: 'POST',
      path: '/',
      query: '',
      headers: {},
      body: Buffer.alloc(0),
      context,
    };
    const { status, headers, body } = await created.handle({ ...defaults, ...request });
    return { status, headers, body: Buffer.from(body).toString() };
  };
}

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

describe('REST-JSON', () => {
  test('labels, query, headers and body become one input; blobs are bytes', async () => {
    const seen: unknown[] = [];
    const call = api(
      'lambda',
      operation('AddPermission', (input) => void seen.push(input)),
      operation('PublishLayerVersion', (input) => void seen.push(input)),
    );
    await call({
      path: '/2015-03-31/functions/f%3A1/policy',
      query: 'Qualifier=live',
      body: json({
        Action: 'lambda:InvokeFunction',
        StatementId: 's',
        Principal: '*',
        Unknown: 1,
        SourceArn: null,
      }),
    });
    await call({ path: '/2018-10-31/layers/l/versions', body: json({ Content: { ZipFile: 'AAEC' } }) });
    expect(seen).toEqual([
      {
        FunctionName: 'f:1',
        Qualifier: 'live',
        Action: 'lambda:InvokeFunction',
        StatementId: 's',
        Principal: '*',
      },
      { LayerName: 'l', Content: { ZipFile: Buffer.from([0, 1, 2]) } },
    ]);
  });

  test('an output is rendered with its status, request id and without absent members', async () => {
    const call = api(
      'lambda',
      operation('CreateAlias', () => ({ Name: 'a', Description: undefined })),
    );
    const answer = await call({
      path: '/2015-03-31/functions/f/aliases',
      body: json({ Name: 'a', FunctionVersion: '1' }),
    });
    expect(answer).toEqual({
      status: 201,
      headers: { 'Content-Type': 'application/json', 'x-amzn-RequestId': 'r-1' },
      body: '{"Name":"a"}',
    });
  });

  test('timestamps are epoch seconds with fraction', async () => {
    const call = api(
      'lambda',
      operation('GetEventSourceMapping', () => ({ LastModified: new Date(1_500) })),
    );
    expect((await call({ method: 'GET', path: '/2015-03-31/event-source-mappings/u' })).body).toBe(
      '{"LastModified":1.5}',
    );
  });

  test('204 has no body', async () => {
    const call = api(
      'lambda',
      operation('DeleteAlias', () => undefined),
    );
    expect(await call({ method: 'DELETE', path: '/2015-03-31/functions/f/aliases/a' })).toMatchObject({
      status: 204,
      body: '',
    });
  });

  test.each([
    [
      '{"Name":',
      'SerializationException',
      /^Could not parse request body into json: Unexpected end-of-input/,
    ],
    ['[]', 'SerializationException', /^Start of list found where not expected$/],
    ['{"Name":1}', 'SerializationException', /^NUMBER_VALUE can not be converted to a String$/],
    ['{"Name":{}}', 'SerializationException', /^Start of structure or map found where not expected\.$/],
    [
      '{"RoutingConfig":{"AdditionalVersionWeights":{"1":"x"}}}',
      'SerializationException',
      /^STRING_VALUE can not be converted to a Double$/,
    ],
    [
      '{"Name":"a","FunctionVersion":"x"}',
      'ValidationException',
      /^1 validation error detected: Value 'x' at 'functionVersion'/,
    ],
  ])('%s is refused as %s', async (body, code, message) => {
    const call = api(
      'lambda',
      operation('CreateAlias', () => ({})),
    );
    const answer = await call({ path: '/2015-03-31/functions/f/aliases', body: Buffer.from(body) });
    expect(answer.status).toBe(400);
    expect(answer.headers['x-amzn-ErrorType']).toBe(code);
    expect((JSON.parse(answer.body) as { message: string }).message).toMatch(message);
  });

  test('errors carry Type and the key that AWS uses for each', async () => {
    const call = api(
      'lambda',
      operation('GetFunction', () => {
        throw awsError('ResourceNotFoundException', 'gone');
      }),
      operation('DeleteFunction', () => {
        throw awsError('TooManyRequestsException', 'Rate Exceeded.', { members: { Reason: 'R' } });
      }),
    );
    expect(await call({ method: 'GET', path: '/2015-03-31/functions/f' })).toMatchObject({
      status: 404,
      body: '{"Type":"User","Message":"gone"}',
    });
    expect(await call({ method: 'DELETE', path: '/2015-03-31/functions/f' })).toMatchObject({
      status: 429,
      body: '{"Reason":"R","Type":"User","message":"Rate Exceeded."}',
    });
  });
});

describe('what Hearth does not have', () => {
  const call = api(
    'lambda',
    operation('CreateFunction', () => ({}), {
      refused: {
        VpcConfig: { when: (value) => value !== 0, hint: 'Leave it out.' },
        'FileSystemConfigs.Arn': { hint: 'No file systems.' },
      },
    }),
  );
  const body = { FunctionName: 'f', Role: 'arn:aws:iam::000000000000:role/r', Code: {} };

  test('an operation is refused by name', async () => {
    const answer = await call({
      path: '/2015-03-31/event-source-mappings',
      body: json({ FunctionName: 'f' }),
    });
    expect(answer).toMatchObject({
      status: 501,
      body: '{"Type":"User","message":"Hearth does not implement CreateEventSourceMapping."}',
    });
  });

  test('a member is refused by operation and name, also inside a list', async () => {
    expect(
      (await call({ path: '/2015-03-31/functions', body: json({ ...body, VpcConfig: {} }) })).body,
    ).toContain('Hearth does not implement CreateFunction: VpcConfig. Leave it out.');
    const files = [
      {
        Arn: 'arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/fsap-00000000000000000',
        LocalMountPath: '/mnt/a',
      },
    ];
    expect(
      (await call({ path: '/2015-03-31/functions', body: json({ ...body, FileSystemConfigs: files }) })).body,
    ).toContain('CreateFunction: FileSystemConfigs.Arn');
    expect((await call({ path: '/2015-03-31/functions', body: json(body) })).status).toBe(201);
  });

  test('a path that AWS does not have either is unknown', async () => {
    expect((await call({ path: '/nothing' })).headers['x-amzn-ErrorType']).toBe('UnknownOperationException');
  });

  test('an unexpected exception is a ServiceException that tells nothing but the request id', async () => {
    const broken = api(
      'lambda',
      operation('ListFunctions', () => {
        throw new TypeError('secret');
      }),
    );
    const answer = await broken({ method: 'GET', path: '/2015-03-31/functions' });
    expect(answer).toMatchObject({
      status: 500,
      body: '{"Type":"Service","Message":"An internal error occurred (request r-1)."}',
    });
  });
});

describe('JSON 1.1', () => {
  const target = (name: string) => ({ headers: { 'x-amz-target': `Logs_20140328.${name}` } });

  test('an operation comes by target, lists and numbers as JSON', async () => {
    const call = api(
      'logs',
      operation('DescribeLogGroups', (input) => ({
        logGroups: [{ logGroupName: String(input['logGroupNamePrefix']), creationTime: 1 }],
      })),
    );
    expect(
      await call({ ...target('DescribeLogGroups'), body: json({ logGroupNamePrefix: '/aws' }) }),
    ).toMatchObject({
      status: 200,
      headers: { 'Content-Type': 'application/x-amz-json-1.1' },
      body: '{"logGroups":[{"logGroupName":"/aws","creationTime":1}]}',
    });
  });

  test('errors name their type; constraint failures are InvalidParameterException; missing operations 501', async () => {
    const call = api(
      'logs',
      operation('DeleteLogGroup', () => {
        throw serviceError('ResourceNotFoundException', 400, 'none');
      }),
    );
    expect(await call({ ...target('DeleteLogGroup'), body: json({ logGroupName: 'a' }) })).toMatchObject({
      status: 400,
      body: '{"__type":"ResourceNotFoundException","message":"none"}',
    });
    expect((await call({ ...target('DeleteLogGroup'), body: json({}) })).body).toContain(
      '"__type":"InvalidParameterException"',
    );
    expect(await call(target('StartQuery'))).toMatchObject({ status: 501 });
    expect((await call(target('Nothing'))).body).toContain('UnknownOperationException');
  });
});

describe('Query', () => {
  const form = (text: string) => ({ body: Buffer.from(text) });

  test('members, lists and wrappers', async () => {
    const seen: unknown[] = [];
    const call = api(
      'iam',
      operation('CreateRole', (input) => {
        seen.push(input);
        return {
          Role: {
            Path: '/',
            RoleName: 'a&b',
            RoleId: 'AROA',
            Arn: 'arn',
            CreateDate: new Date(0),
            Tags: [{ Key: 'k', Value: 'v' }],
          },
        };
      }),
    );
    const answer = await call(
      form(
        'Action=CreateRole&Version=2010-05-08&RoleName=r&AssumeRolePolicyDocument=%7B%7D&Tags.member.1.Key=k&Tags.member.1.Value=v+w&MaxSessionDuration=3600',
      ),
    );
    expect(seen).toEqual([
      {
        RoleName: 'r',
        AssumeRolePolicyDocument: '{}',
        MaxSessionDuration: 3600,
        Tags: [{ Key: 'k', Value: 'v w' }],
      },
    ]);
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'Content-Type': 'text/xml' },
      body: '<CreateRoleResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><CreateRoleResult><Role><Path>/</Path><RoleName>a&amp;b</RoleName><RoleId>AROA</RoleId><Arn>arn</Arn><CreateDate>1970-01-01T00:00:00Z</CreateDate><Tags><member><Key>k</Key><Value>v</Value></member></Tags></Role></CreateRoleResult><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></CreateRoleResponse>',
    });
  });

  test('errors are XML with code, type and request id', async () => {
    const call = api(
      'sts',
      operation('GetCallerIdentity', () => {
        throw notImplemented('x');
      }),
    );
    expect(await call(form('Action=GetCallerIdentity'))).toMatchObject({
      status: 501,
      body: '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Receiver</Type><Code>NotImplemented</Code><Message>Hearth does not implement x.</Message></Error><RequestId>r-1</RequestId></ErrorResponse>',
    });
    expect((await call(form('Action=Nothing'))).body).toContain('<Code>InvalidAction</Code>');
    expect((await call(form(''))).body).toContain('<Code>MissingAction</Code>');
    expect(await call(form('Action=AssumeRole&RoleArn=x'))).toMatchObject({ status: 501 });
  });
});
