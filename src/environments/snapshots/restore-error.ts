import { type AwsError, awsError } from '../../model/index.ts';
import type { Failure } from '../failures.ts';
import { messageOf, SnapshotFailed } from './snapshot-failed.ts';

/** What the caller of an invocation gets that could not be run because nothing was restored (runtime.md, 4). */
export function restoreError(failure: Failure): AwsError {
  switch (failure.kind) {
    case 'timeout':
    case 'init-timeout':
      return awsError(
        'SnapStartTimeoutException',
        "Lambda couldn't restore the snapshot within the timeout limit.",
      );
    case 'init-error':
      return awsError(
        'SnapStartException',
        `The afterRestore() runtime hook encountered an error: ${messageOf(failure.error.payload)}`,
      );
    default:
      return awsError('SnapStartException', 'The runtime ended while it was restored.');
  }
}

/** The same where there is no snapshot to restore from, and Init would have had to run again. */
export function noSnapshot(error: unknown): unknown {
  return error instanceof SnapshotFailed ? awsError('SnapStartException', error.message) : error;
}
