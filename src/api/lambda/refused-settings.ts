import { isWithoutBootstrap } from '../../runtimes/index.ts';
import type { MemberStatus } from '../operation.ts';

type Refusals = NonNullable<MemberStatus['refused']>;

/** Settings of Create and UpdateFunctionConfiguration that do not take effect yet. */
export const refusedConfiguration: Refusals = {
  Runtime: {
    when: (runtime) => typeof runtime === 'string' && isWithoutBootstrap(runtime),
    hint: 'Hearth does not run .NET and Ruby by itself. Deploy the function on provided.al2023: .NET published self-contained with Amazon.Lambda.RuntimeSupport as an executable named bootstrap; Ruby with a bootstrap that starts the aws_lambda_ric gem, both from the code or a layer.',
  },
  'VpcConfig.Ipv6AllowedForDualStack': { when: isTrue, hint: 'Leave it out: functions have IPv4.' },
  KMSKeyArn: {
    when: isNonEmptyText,
    hint: 'Leave it out: environment variables are kept in the data folder.',
  },
  'DeadLetterConfig.TargetArn': { when: isNonEmptyText, hint: 'Leave DeadLetterConfig out.' },
  CapacityProviderConfig: { when: hasMembers, hint: 'Leave it out: the function runs on this machine.' },
  DurableConfig: { when: hasMembers, hint: 'Leave it out.' },
};

const publishTo: Refusals = {
  PublishTo: { hint: 'Use Publish or PublishVersion.' },
};

const s3Hint =
  'Pass the zip as ZipFile; or S3Bucket=hot-reload with S3Key=/absolute/path mounts a folder of the host.';

function codeMembers(prefix: '' | 'Code.'): Refusals {
  return {
    [`${prefix}S3Bucket`]: { when: (bucket) => bucket !== 'hot-reload', hint: s3Hint },
    [`${prefix}S3ObjectVersion`]: { hint: s3Hint },
    [`${prefix}SourceKMSKeyArn`]: { when: isNonEmptyText, hint: 'Leave it out.' },
    [`${prefix}S3ObjectStorageMode`]: { when: (mode) => mode !== 'COPY', hint: 'Leave it out.' },
  };
}

export const refusedAtCreate: Refusals = {
  ...refusedConfiguration,
  ...publishTo,
  ...codeMembers('Code.'),
  CodeSigningConfigArn: { when: isNonEmptyText, hint: 'Leave it out.' },
};

export const refusedAtUpdateCode: Refusals = { ...publishTo, ...codeMembers('') };

export const refusedAtPublish: Refusals = publishTo;

/** Layers' content has no live folders. */
export const refusedAtPublishLayer: Refusals = {
  'Content.S3Bucket': { hint: 'Pass the zip as ZipFile.' },
  'Content.S3Key': { hint: 'Pass the zip as ZipFile.' },
  'Content.S3ObjectVersion': { hint: 'Pass the zip as ZipFile.' },
  'Content.S3ObjectStorageMode': { when: (mode) => mode !== 'COPY', hint: 'Leave it out.' },
};

function isNonEmptyText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isTrue(value: unknown): boolean {
  return value === true;
}

function hasMembers(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}
