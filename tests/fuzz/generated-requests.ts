import * as fc from 'fast-check';
import type { OperationModel, ServiceModel, StructureShape } from '../../src/aws-protocol/index.ts';

/** A request as bytes on the wire would say it; nothing in it is trusted to make sense. */
export interface GeneratedRequest {
  readonly service: string;
  readonly operation: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

type Shape = StructureShape['members'][number]['shape'];

/** Text that has broken parsers before. */
const nasty = fc.constantFrom(
  '',
  ' ',
  '\u0000',
  '../../../../etc/passwd',
  '%2e%2e%2f',
  '$LATEST',
  '$latest',
  'arn:aws:lambda:us-east-1:000000000000:function:f',
  'arn:aws:lambda:eu-west-1:000000000000:function:f:1:2',
  'a'.repeat(300),
  '\ud800',
  '𝒇',
  '"',
  "'",
  '<x>',
  '&',
  '{',
  '[[[[[[',
  '-1',
  '1e309',
  'NaN',
  'null',
  'undefined',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  '\r\nX-Injected: 1',
  '-',
  '.',
  '..',
  '/',
  '//',
  'f:live',
  '*',
  '?',
  '#',
  '%',
);

const anyText = fc.oneof(
  { weight: 3, arbitrary: nasty },
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ maxLength: 70 }),
);

/** Values of every wrong type. */
const misfit = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.double(),
  anyText,
  fc.constant([]),
  fc.constant({}),
  fc.array(fc.integer(), { maxLength: 3 }),
  fc.dictionary(nasty, nasty, { maxKeys: 2 }),
);

/** Values that mostly fit the shape, sometimes its type alone, sometimes nothing. */
function valueOf(shape: Shape, depth: number): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 6, arbitrary: fittingValue(shape, depth) }, { weight: 1, arbitrary: misfit });
}

function fittingValue(shape: Shape, depth: number): fc.Arbitrary<unknown> {
  if (depth > 4) return fc.constant(null);
  switch (shape.type) {
    case 'structure':
      return structure(shape, depth);
    case 'list':
      return fc.array(valueOf(shape.element, depth + 1), { maxLength: 4 });
    case 'map':
      return fc.dictionary(anyText, valueOf(shape.value, depth + 1), { maxKeys: 4 });
    case 'boolean':
      return fc.boolean();
    case 'integer':
    case 'long':
      return fc.oneof(fc.integer({ min: -2, max: 1000 }), fc.maxSafeInteger());
    case 'float':
    case 'double':
    case 'timestamp':
      return fc.double();
    case 'blob':
      return fc.oneof(
        fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('base64')),
        anyText,
      );
    case 'string':
      return fc.oneof(
        ...(shape.values ? [fc.constantFrom(...shape.values)] : []),
        fc.constantFrom('f', 'live', '1', 'python3.11', 'app.handler'),
        anyText,
      );
  }
}

function structure(shape: StructureShape, depth: number): fc.Arbitrary<Record<string, unknown>> {
  const members = Object.fromEntries(
    shape.members.map((member) => [member.name, valueOf(member.shape, depth + 1)]),
  );
  return fc.record(members, { requiredKeys: [...shape.required].filter((name) => name in members) });
}

/** Requests of one service, over all of its operations. */
export function requestsOf(model: ServiceModel, credential: string): fc.Arbitrary<GeneratedRequest> {
  const operations = model.operationNames.flatMap((name) => model.operation(name) ?? []);
  return fc.oneof(...operations.map((operation) => requestFor(model, operation, credential)));
}

function requestFor(
  model: ServiceModel,
  operation: OperationModel,
  credential: string,
): fc.Arbitrary<GeneratedRequest> {
  const input = operation.input ? structure(operation.input, 0) : fc.constant({});
  return fc
    .tuple(input, damage)
    .map(([input, harm]) =>
      harm(
        { ...assemble(model, operation, input), service: model.service, operation: operation.name },
        credential,
      ),
    );
}

type Assembled = Omit<GeneratedRequest, 'service' | 'operation'>;

function assemble(model: ServiceModel, operation: OperationModel, input: Record<string, unknown>): Assembled {
  if (model.protocol === 'json') {
    const headers = {
      'x-amz-target': `${model.targetPrefix}.${operation.name}`,
      'content-type': `application/x-amz-json-${model.jsonVersion}`,
    };
    return { method: 'POST', path: '/', headers, body: Buffer.from(JSON.stringify(input)) };
  }
  if (model.protocol === 'query' || model.protocol === 'ec2') {
    const form = new URLSearchParams({ Action: operation.name, Version: '2010-05-08' });
    for (const [name, value] of Object.entries(input)) form.append(name, textOf(value));
    return {
      method: 'POST',
      path: '/',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: Buffer.from(form.toString()),
    };
  }
  return assembleRest(operation, input);
}

function assembleRest(operation: OperationModel, input: Record<string, unknown>): Assembled {
  const query = new URLSearchParams();
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  const body: Record<string, unknown> = {};
  let path = operation.uri;
  for (const member of operation.input?.members ?? []) {
    const value = input[member.name];
    const text = textOf(value);
    if (member.location === 'uri')
      path = path.replace(new RegExp(`\\{${member.wireName}\\+?\\}`), () => encodeURIComponent(text));
    else if (value === undefined) continue;
    else if (member.location === 'querystring') query.append(member.wireName, text);
    else if (member.location === 'header')
      headers[member.wireName.toLowerCase()] = text.replaceAll(/[^\t\x20-\x7e]/g, '?');
    else body[member.wireName] = value;
  }
  const search = query.toString();
  const hasBody = operation.method !== 'GET' && operation.method !== 'DELETE';
  return {
    method: operation.method,
    path: search ? `${path}${path.includes('?') ? '&' : '?'}${search}` : path,
    headers,
    body: hasBody ? Buffer.from(JSON.stringify(body)) : Buffer.alloc(0),
  };
}

function textOf(value: unknown): string {
  return (typeof value === 'string' ? value : JSON.stringify(value ?? null)).toWellFormed();
}

type Harm = (request: GeneratedRequest, credential: string) => GeneratedRequest;

function signed(request: GeneratedRequest, credential: string): GeneratedRequest {
  const authorization = `AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/${credential}/aws4_request, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`;
  return { ...request, headers: { ...request.headers, authorization, 'x-amz-date': '20260101T000000Z' } };
}

/** Most requests go as they are; some are cut, garbled or mislabelled. */
const damage: fc.Arbitrary<Harm> = fc.oneof(
  { weight: 12, arbitrary: fc.constant<Harm>(signed) },
  {
    weight: 1,
    arbitrary: fc.nat(100).map(
      (at): Harm =>
        (request, credential) => ({ ...signed(request, credential), body: request.body.subarray(0, at) }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.uint8Array({ maxLength: 80 }).map(
      (bytes): Harm =>
        (request, credential) => ({ ...signed(request, credential), body: Buffer.from(bytes) }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS').map(
      (method): Harm =>
        (request, credential) => ({ ...signed(request, credential), method }),
    ),
  },
  {
    weight: 1,
    arbitrary: nasty.map(
      (value): Harm =>
        (request, credential) => ({
          ...signed(request, credential),
          headers: {
            ...signed(request, credential).headers,
            authorization: value.replaceAll(/[^\x20-\x7e]/g, '?'),
          },
        }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('text/plain', 'application/xml', '', 'multipart/form-data').map(
      (type): Harm =>
        (request, credential) => ({
          ...signed(request, credential),
          headers: { ...signed(request, credential).headers, 'content-type': type },
        }),
    ),
  },
  {
    weight: 1,
    arbitrary: nasty.map(
      (value): Harm =>
        (request, credential) => ({
          ...signed(request, credential),
          path: `${request.path.split('?')[0]}/${encodeURIComponent(value.toWellFormed())}`,
        }),
    ),
  },
);
