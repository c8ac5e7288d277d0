import type { RunProgram } from '../sandbox/index.ts';

/** What of this machine the runtimes depend on; read once by whoever may read the environment. */
export interface Machine {
  readonly runProgram: RunProgram;
  /** The user's environment: `PATH`, and the variables that version managers keep their folders in. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** Our own Node.js: the interpreter of its major version that is always there. */
  readonly ownNode: { readonly path: string; readonly version: string };
  readonly arch: 'x64' | 'arm64';
  /** Written by Hearth alone: fetched interpreters, assembled runtime folders, SDKs, the cache of versions. */
  readonly runtimesDir: string;
  /** The package's `runtimes/` folder with our bootstraps. */
  readonly bootstrapsDir: string;
}

/** The environment for programs of the host that need the user's own settings: package managers. */
export function definedOnly(env: Machine['env']): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
