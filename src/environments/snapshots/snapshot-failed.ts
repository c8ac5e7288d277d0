import type { StateReason } from '../../model/index.ts';
import type { Failure } from '../failures.ts';

/** There is no snapshot, for a reason that is the function's own; the version's state shows it. */
export class SnapshotFailed extends Error {
  override readonly name = 'SnapshotFailed';
  readonly stateReason: StateReason;

  constructor(stateReason: StateReason) {
    super(stateReason.reason);
    this.stateReason = stateReason;
  }
}

/** Codes of AWS's model; the texts are ours. */
export function stateReasonOf(failure: Failure): StateReason {
  switch (failure.kind) {
    case 'timeout':
    case 'init-timeout':
      return { reason: 'Init did not end in time.', reasonCode: 'FunctionError.InitTimeout' };
    case 'init-error':
      return {
        reason: `Init failed: ${failure.error.errorType}: ${messageOf(failure.error.payload)}`,
        reasonCode: 'FunctionError.RuntimeInitError',
      };
    case 'exit':
      return failure.exit.outOfMemory
        ? {
            reason: 'Init needed more memory than the function has.',
            reasonCode: 'FunctionError.InitResourceExhausted',
          }
        : {
            reason: `The runtime ended before it could be restored${exitOf(failure.exit)}.`,
            reasonCode: 'FunctionError.RuntimeInitError',
          };
    default:
      return { reason: 'The snapshot could not be taken.', reasonCode: 'InternalError' };
  }
}

function exitOf({ exitCode, signal }: { readonly exitCode?: number; readonly signal?: string }): string {
  if (signal !== undefined) return ` (${signal})`;
  return exitCode === undefined ? '' : ` (exit status ${exitCode})`;
}

const LONGEST_MESSAGE = 500;

/** The function's own words, as far as they are what a runtime says. */
export function messageOf(payload: Uint8Array): string {
  try {
    const value: unknown = JSON.parse(Buffer.from(payload).toString());
    if (typeof value !== 'object' || value === null || !('errorMessage' in value)) return 'no message';
    return String(value.errorMessage).slice(0, LONGEST_MESSAGE);
  } catch {
    return 'no message';
  }
}
