import type { FunctionVersion } from '../../src/model/index.ts';

/** A version of a function with everything that a launch looks at. */
export function functionVersion(overrides: Partial<FunctionVersion>): FunctionVersion {
  return {
    account: '000000000000',
    region: 'eu-west-1',
    name: 'hello',
    version: '$LATEST',
    description: '',
    runtime: 'nodejs24.x',
    handler: 'index.handler',
    roleArn: 'arn:aws:iam::000000000000:role/hello',
    memoryMiB: 128,
    timeoutMs: 3_000,
    ephemeralStorageMiB: 512,
    architecture: 'x86_64',
    code: { kind: 'archive', sha256Hex: '0'.repeat(64), sizeBytes: 1 },
    layers: [],
    logging: { format: 'Text', logGroup: '/aws/lambda/hello' },
    runtimeVersionArn: 'arn:aws:lambda:eu-west-1::runtime:0',
    state: 'Active',
    revisionId: 'r',
    deploymentId: 'd',
    lastModifiedMs: 0,
    ...overrides,
  };
}
