import { limits } from '../model/index.ts';
import type { AnswerRefusal, InitError, RuntimeAnswer } from '../runtime-api/index.ts';
import type { CompanionExit, SandboxExit } from '../sandbox/index.ts';
import type { LaunchFault } from './image-launch.ts';
import type { PlatformStatus } from '../telemetry/index.ts';

/** Why an environment's process had to end. The first cause wins. */
export type Failure =
  | { readonly kind: 'timeout' }
  | { readonly kind: 'init-timeout' }
  | { readonly kind: 'init-error'; readonly error: InitError }
  | { readonly kind: 'exit'; readonly exit: SandboxExit }
  | { readonly kind: 'no-entrypoint'; readonly fault?: LaunchFault }
  | ExtensionFailure
  /** Not the function's fault: the caller gets an error of the service. */
  | { readonly kind: 'machine'; readonly cause: unknown };

/** An extension that ended, or said that it cannot go on: AWS ends the environment for any of them. */
export interface ExtensionFailure {
  readonly kind: 'extension';
  /** `Extension.Crash`, `.InitError`, `.ExitError`, `.LaunchError`. */
  readonly errorType: string;
  readonly message: string;
}

/** What the caller sees of one invocation; a function's failure is data here. */
export interface EnvironmentOutcome {
  readonly payload: Uint8Array;
  readonly contentType?: string | undefined;
  readonly functionError?: 'Unhandled' | undefined;
  /** What the runtime called the error with which a streamed response broke off; `payload` is the error's. */
  readonly streamErrorType?: string | undefined;
  /** Last 4 KB of the invocation's log; only where asked for. */
  readonly logTail?: Buffer | undefined;
}

/** How an invocation went, for REPORT and metrics. */
export interface Verdict {
  readonly status: PlatformStatus;
  readonly errorType?: string;
}

export function verdictOfFailure(failure: Failure): Verdict {
  switch (failure.kind) {
    case 'timeout':
    case 'init-timeout':
      return { status: 'timeout' };
    case 'init-error':
      return { status: 'failure', errorType: failure.error.errorType };
    case 'no-entrypoint':
      return { status: 'failure', errorType: failure.fault?.errorType ?? 'Runtime.InvalidEntrypoint' };
    case 'machine':
      return { status: 'failure', errorType: 'Sandbox.Failure' };
    case 'extension':
      return { status: 'failure', errorType: failure.errorType };
    case 'exit':
      return { status: 'failure', errorType: exitErrorType(failure.exit) };
  }
}

function exitErrorType(exit: SandboxExit): string {
  return exit.outOfMemory ? 'Runtime.OutOfMemory' : 'Runtime.ExitError';
}

interface FailedInvocation {
  readonly requestId: string;
  readonly timeoutMs: number;
}

const NO_ENTRYPOINT = "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]";

/** What the caller of an invocation sees that ended with its environment's process (runtime.md, 6; observed.md, 91–98). */
export function outcomeOfFailure(
  failure: Failure,
  { requestId, timeoutMs }: FailedInvocation,
): EnvironmentOutcome {
  switch (failure.kind) {
    case 'timeout':
    case 'init-timeout': {
      const seconds = (timeoutMs / 1_000).toFixed(2);
      return unhandled(
        'Sandbox.Timedout',
        `RequestId: ${requestId} Error: Task timed out after ${seconds} seconds`,
      );
    }
    case 'init-error':
      return { payload: failure.error.payload, functionError: 'Unhandled' };
    case 'no-entrypoint':
      return unhandled(
        failure.fault?.errorType ?? 'Runtime.InvalidEntrypoint',
        `RequestId: ${requestId} Error: ${failure.fault?.message ?? NO_ENTRYPOINT}`,
      );
    case 'extension':
      return unhandled(failure.errorType, `RequestId: ${requestId} Error: ${failure.message}`);
    case 'machine':
      return unhandled(
        'Sandbox.Failure',
        `RequestId: ${requestId} Error: The environment could not be started`,
      );
    case 'exit':
      return unhandled(
        exitErrorType(failure.exit),
        `RequestId: ${requestId} Error: ${exitText(failure.exit)}`,
      );
  }
}

function unhandled(errorType: string, errorMessage: string): EnvironmentOutcome {
  return { payload: Buffer.from(JSON.stringify({ errorType, errorMessage })), functionError: 'Unhandled' };
}

/** The names that AWS's platform, written in Go, gives to signals. */
const signalTexts: Readonly<Partial<Record<NodeJS.Signals, string>>> = {
  SIGABRT: 'aborted',
  SIGALRM: 'alarm clock',
  SIGBUS: 'bus error',
  SIGFPE: 'floating point exception',
  SIGHUP: 'hangup',
  SIGILL: 'illegal instruction',
  SIGINT: 'interrupt',
  SIGKILL: 'killed',
  SIGPIPE: 'broken pipe',
  SIGQUIT: 'quit',
  SIGSEGV: 'segmentation fault',
  SIGSYS: 'bad system call',
  SIGTERM: 'terminated',
  SIGTRAP: 'trace/breakpoint trap',
  SIGXCPU: 'CPU time limit exceeded',
};

/** How AWS words the end of an extension: `exit code 0`, `exit status 1`, `signal: killed`. */
export function extensionExitText(exit: CompanionExit): string {
  if ('launchError' in exit) return LAUNCH_ERRORS[exit.launchError] ?? exit.launchError;
  if ('signal' in exit) return `signal: ${signalTexts[exit.signal] ?? exit.signal}`;
  return exit.exitCode === 0 ? 'exit code 0' : `exit status ${exit.exitCode}`;
}

const LAUNCH_ERRORS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  ENOENT: 'no such file or directory',
  ENOEXEC: 'exec format error',
};

function exitText({ exitCode, signal, outOfMemory }: SandboxExit): string {
  if (outOfMemory) return 'Runtime exited with error: signal: killed';
  if (signal !== undefined) return `Runtime exited with error: signal: ${signalTexts[signal] ?? signal}`;
  return exitCode === undefined || exitCode === 0
    ? 'Runtime exited without providing a reason'
    : `Runtime exited with error: exit status ${exitCode}`;
}

const refusals: Readonly<
  Record<AnswerRefusal, { readonly errorMessage: string; readonly errorType: string }>
> = {
  'too-large': {
    errorMessage: 'Response payload size exceeded maximum allowed payload size (6291556 bytes).',
    errorType: 'Function.ResponseSizeTooLarge',
  },
  'stream-too-large': {
    errorMessage: `Response payload size exceeded maximum allowed payload size (${limits.streamedResponseBytes} bytes).`,
    errorType: 'Function.ResponseSizeTooLarge',
  },
  truncated: {
    errorMessage: 'The connection was cut before the response was complete.',
    errorType: 'Runtime.TruncatedResponse',
  },
  'invalid-mode': {
    errorMessage: 'Invalid function response mode',
    errorType: 'Runtime.InvalidResponseModeHeader',
  },
};

const NOTHING = Buffer.alloc(0);

/** What the caller sees of the runtime's own answer; payloads are passed on as they are, streamed ones have been. */
export function outcomeOfAnswer(answer: RuntimeAnswer): EnvironmentOutcome {
  if (answer.kind === 'refused') {
    return { payload: Buffer.from(JSON.stringify(refusals[answer.reason])), functionError: 'Unhandled' };
  }
  if (answer.kind === 'streamed') return { payload: NOTHING };
  if (answer.kind === 'streamed-error') {
    return { payload: answer.payload, functionError: 'Unhandled', streamErrorType: answer.type };
  }
  const { payload, contentType } = answer;
  return { payload, contentType, functionError: answer.kind === 'error' ? 'Unhandled' : undefined };
}

export function verdictOfAnswer(answer: RuntimeAnswer): Verdict {
  if (answer.kind === 'response' || answer.kind === 'streamed') return { status: 'success' };
  const errorType = answer.kind === 'refused' ? refusals[answer.reason].errorType : answer.errorType;
  return { status: 'error', errorType };
}
