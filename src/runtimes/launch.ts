import type { FunctionVersion } from '../model/index.ts';
import type { InsideView, SandboxMount, SandboxProgram } from '../sandbox/index.ts';

export type InitializationType = 'on-demand' | 'provisioned-concurrency' | 'snap-start';

/** Values of one environment that the launch plan turns into environment variables. */
export interface LaunchFacts {
  readonly logStream: string;
  readonly runtimeApiAddress: string;
  /** Where the X-Ray daemon listens; absent where none does. */
  readonly traceDaemonAddress?: string;
  /** `http://127.0.0.1:4566`, as seen from inside. */
  readonly endpointUrl: string;
  readonly credentials: Credentials | CredentialsEndpoint;
  readonly initializationType: InitializationType;
}

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/** Where a function with SnapStart asks for its credentials: those of Init would be too old. */
interface CredentialsEndpoint {
  readonly url: string;
  readonly authorizationToken: string;
}

/** How one function version is started, for the sandbox to run. */
export interface LaunchPlan {
  /** Interpreter at `/var/lang`, bootstrap and SDKs at `/var/runtime`; the caller adds `/var/task` and `/opt`. */
  readonly mounts: readonly SandboxMount[];
  /** Our own bootstraps speak to the Runtime API over the Unix socket; everyone else over TCP. */
  readonly usesRuntimeSocket: boolean;
  program(inside: InsideView, facts: LaunchFacts): SandboxProgram;
  /** Absent: always from scratch. */
  readonly late?: LateBinding;
}

/** Whether an environment that was started ahead of need can become the version's, or why it cannot. */
export type LateBinding = { readonly generic: GenericLaunch } | { readonly fromScratch: string };

/** Starts a runtime that knows no function yet: its bootstrap asks for `GET /hearth/assignment` and waits. */
export interface GenericLaunch {
  /** Equal for launches whose environments may stand in for one another. */
  readonly shape: string;
  readonly runtime: string;
  /** Those of the plan: what is there before the function is. */
  readonly mounts: readonly SandboxMount[];
  /** Files and folders of the host; once one of them is replaced, what was started before is out of date. */
  readonly madeOf: readonly string[];
  program(inside: InsideView, facts: Pick<LaunchFacts, 'runtimeApiAddress' | 'endpointUrl'>): SandboxProgram;
}

/** What a launch needs to let a debugger in before it loads the function's code. */
export interface DebugLaunch {
  /** At the environment's own 127.0.0.1. */
  readonly port: number;
  /** The debugger, where the language does not bring it. */
  readonly mounts: readonly SandboxMount[];
}

export interface RuntimeDescription {
  /** `python3.12`, `nodejs24.x`, `provided.al2023`. */
  readonly identifier: string;
  /** Absent where the interpreter is missing on this machine. */
  readonly interpreter?: { readonly path: string; readonly version: string };
  /** The command that adds a missing interpreter. */
  readonly howToAdd?: string;
  /** For `RuntimeVersionConfig` and INIT_START. */
  readonly versionArnHash: string;
}

export interface RuntimeCatalog {
  list(): Promise<readonly RuntimeDescription[]>;
  describe(identifier: string): Promise<RuntimeDescription | undefined>;
  /**
   * Rejects with the AWS error of a runtime that is unknown here or whose interpreter is missing. With `debug`, the
   * runtime waits for a debugger before it loads the function's code; custom runtimes know nothing of that.
   */
  plan(version: FunctionVersion, debug?: DebugLaunch): Promise<LaunchPlan>;
}
