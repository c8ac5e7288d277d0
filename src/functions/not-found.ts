import { type AwsError, awsError, functionArn } from '../model/index.ts';
import type { FunctionKey } from './settings.ts';

/** `Function not found: …`; with the qualifier where the caller gave one. */
export function functionNotFound(key: FunctionKey, qualifier?: string): AwsError {
  return awsError(
    'ResourceNotFoundException',
    `Function not found: ${functionArn(key, key.name, qualifier)}`,
  );
}

export function wrongRevision(
  read: 'GetFunction/GetAlias' | 'GetPolicy' | 'GetLayerPolicy' = 'GetFunction/GetAlias',
): AwsError {
  return awsError(
    'PreconditionFailedException',
    `The Revision Id provided does not match the latest Revision Id. Call the ${read} API to retrieve the latest Revision Id`,
  );
}

/** 409 while a function cannot be run or changed. */
export function notReady(state: string): AwsError {
  return awsError(
    'ResourceConflictException',
    `The operation cannot be performed at this time. The function is currently in the following state: ${state}`,
  );
}

/** 409 while the snapshot of a version with SnapStart is taken. */
export function snapshotNotReady(): AwsError {
  return awsError(
    'SnapStartNotReadyException',
    'Lambda is initializing your function. You can invoke the function when the function state becomes Active.',
  );
}

/** 409 while an update runs. */
export function updateInProgress(key: FunctionKey): AwsError {
  return awsError(
    'ResourceConflictException',
    `The operation cannot be performed at this time. An update is in progress for resource: ${functionArn(key, key.name)}`,
  );
}
