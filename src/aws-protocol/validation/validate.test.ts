import { describe, expect, test } from 'vitest';
import { AwsError } from '../../model/index.ts';
import { loadServiceModel, type ServiceName } from '../model/service-model.ts';
import type { ParsedStructure } from '../request/parse-json-value.ts';
import { validateInput } from './validate.ts';

function refusal(service: ServiceName, name: string, input: ParsedStructure): AwsError {
  const operation = loadServiceModel(service).operation(name);
  if (!operation) throw new Error(`no operation ${name}`);
  try {
    validateInput(service, operation, input);
  } catch (error) {
    if (error instanceof AwsError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

const role = 'arn:aws:iam::000000000000:role/r';
const create = (input: ParsedStructure): ParsedStructure => ({
  FunctionName: 'f',
  Role: role,
  Code: {},
  ...input,
});
const createRefusal = (input: ParsedStructure): AwsError =>
  refusal('lambda', 'CreateFunction', create(input));

test('an input that keeps every constraint passes', () => {
  const operation = loadServiceModel('lambda').operation('CreateFunction');
  expect(operation).toBeDefined();
  if (operation)
    validateInput('lambda', operation, create({ Runtime: 'python3.12', Timeout: 900, MemorySize: 128 }));
});

describe('messages recorded from AWS', () => {
  test('a role that is no ARN of a role', () => {
    const error = createRefusal({ Role: 'r1' });
    expect(error.code).toBe('ValidationException');
    expect(error.type).toBeUndefined();
    expect(error.message).toBe(
      "1 validation error detected: Value 'r1' at 'role' failed to satisfy constraint: Member must satisfy regular expression pattern: arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+",
    );
  });

  test('a function name with two qualifiers', () => {
    expect(createRefusal({ FunctionName: 'fn:1:2' }).message).toBe(
      "1 validation error detected: Value 'fn:1:2' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?",
    );
  });

  test('a plain name of 65 characters is an invalid parameter, one of 64 is fine', () => {
    const error = createRefusal({ FunctionName: 'a'.repeat(65) });
    expect(error.code).toBe('InvalidParameterValueException');
    expect(error.message).toBe(
      `1 validation error detected: Value '${'a'.repeat(65)}' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 64`,
    );
    expect(() => createRefusal({ FunctionName: 'a'.repeat(64) })).toThrow('nothing was refused');
  });

  test('two architectures, and one in the wrong case', () => {
    expect(createRefusal({ Architectures: ['x86_64', 'arm64'] }).message).toBe(
      "1 validation error detected: Value '[x86_64, arm64]' at 'architectures' failed to satisfy constraint: Member must have length less than or equal to 1",
    );
    expect(createRefusal({ Architectures: ['X86_64'] }).message).toBe(
      "1 validation error detected: Value '[X86_64]' at 'architectures' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]",
    );
  });

  test('alias weights: the key is no version', () => {
    const input = {
      FunctionName: 'f',
      Name: 'a',
      FunctionVersion: '1',
      RoutingConfig: { AdditionalVersionWeights: { $LATEST: 0.5 } },
    };
    expect(refusal('lambda', 'CreateAlias', input).message).toBe(
      "1 validation error detected: Value '{$LATEST=0.5}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [0-9]+, Member must not be null]",
    );
  });

  test('alias weights: the value is above 1, printed as a Java double', () => {
    const input = {
      FunctionName: 'f',
      Name: 'a',
      FunctionVersion: '1',
      RoutingConfig: { AdditionalVersionWeights: { 2: 2 } },
    };
    expect(refusal('lambda', 'CreateAlias', input).message).toContain(
      "Value '{2=2.0}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map value must satisfy constraint: [Member must have value less than or equal to 1",
    );
  });

  test('a missing required member is a null without quotes', () => {
    const input = { Resource: 'arn:aws:lambda:us-east-1:000000000000:function:f' };
    expect(refusal('lambda', 'UntagResource', input).message).toBe(
      "1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: Member must not be null",
    );
  });

  test('an alias of digits only', () => {
    const input = { FunctionName: 'f', Name: '123', FunctionVersion: '1' };
    expect(refusal('lambda', 'CreateAlias', input).message).toContain(
      "at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)",
    );
  });

  test('enumerations keep the order that AWS prints', () => {
    const input = { FunctionName: 'f', AuthType: 'NONE', InvokeMode: 'X' };
    expect(refusal('lambda', 'CreateFunctionUrlConfig', input).message).toContain(
      "'invokeMode' failed to satisfy constraint: Member must satisfy enum value set: [RESPONSE_STREAM, BUFFERED]",
    );
  });

  test('a runtime of a layer is checked against the set that AWS prints for layers', () => {
    const input = { LayerName: 'l', Content: {}, CompatibleRuntimes: ['python9'] };
    expect(refusal('lambda', 'PublishLayerVersion', input).message).toMatch(
      /^1 validation error detected: Value '\[python9\]' at 'compatibleRuntimes' failed to satisfy constraint: Member must satisfy constraint: \[Member must satisfy enum value set: \[ruby3.5, ruby2.6, .*\], Member must not be null\]$/,
    );
  });

  test('several violations are joined, pattern before length', () => {
    const error = refusal('sts', 'AssumeRole', { RoleArn: `${role}-of-some-length`, RoleSessionName: '!' });
    expect(error.code).toBe('ValidationError');
    expect(error.message).toBe(
      "2 validation errors detected: Value '!' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*; Value '!' at 'roleSessionName' failed to satisfy constraint: Member must have length greater than or equal to 2",
    );
  });

  test('environment variables are never echoed', () => {
    const { message } = createRefusal({ Environment: { Variables: { '1secret': 'value' } } });
    expect(message).toContain(
      "Value at 'environment.variables' failed to satisfy constraint: Map keys must satisfy constraint: [",
    );
    expect(message).not.toContain('secret');
  });

  test('structures in lists have their place in the path', () => {
    const input = { FunctionName: 'f', FilterCriteria: { Filters: [{}, { Pattern: 'x'.repeat(5_000) }] } };
    expect(refusal('lambda', 'CreateEventSourceMapping', input).message).toContain(
      "at 'filterCriteria.filters.2.member.pattern'",
    );
  });

  test.each([
    [
      { Timeout: 901 },
      "Value '901' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900",
    ],
    [
      { Timeout: 0 },
      "Value '0' at 'timeout' failed to satisfy constraint: Member must have value greater than or equal to 1",
    ],
    [
      { MemorySize: 64 },
      "Value '64' at 'memorySize' failed to satisfy constraint: Member must have value greater than or equal to 128",
    ],
  ])('%o is out of range', (input, message) => {
    expect(createRefusal(input).message).toContain(message);
  });
});

test('a hostile value costs microseconds, whatever the pattern', () => {
  const hostile = [
    'a'.repeat(4_096),
    `${'a-'.repeat(2_000)}!`,
    `${'a.'.repeat(140)}!`,
    `arn:aws${'-'.repeat(4_000)}`,
  ];
  for (const service of [
    'lambda',
    'logs',
    'application-autoscaling',
    'sts',
    'iam',
    'ecr',
    'xray',
    'ec2',
  ] as const) {
    const model = loadServiceModel(service);
    for (const name of model.operationNames) {
      for (const member of model.operation(name)?.input?.members ?? []) {
        if (!('pattern' in member.shape) || !member.shape.pattern) continue;
        for (const value of hostile) member.shape.pattern.matches(value);
      }
    }
  }
});
