import type { FunctionVersion } from '../model/index.ts';
import type { InsideView, SandboxMount, SandboxProgram } from '../sandbox/index.ts';
import { environmentOf } from './environment-variables.ts';
import { debugVariables } from './debugging.ts';
import type { RuntimeFamily } from './identifiers.ts';
import type { Interpreter } from './interpreters.ts';
import { javaArguments } from './java/launch.ts';
import { lateBindingOf } from './late-binding.ts';
import type { DebugLaunch, LateBinding, LaunchFacts, LaunchPlan } from './launch.ts';
import type { Machine } from './machine.ts';

type Command = readonly [string, ...string[]];

/** Everything on the host that a launch in a language's own runtime needs. */
export interface PreparedRuntime {
  readonly interpreter: Interpreter;
  /** Holds the bootstrap and the SDKs, or AWS's client; appears at `/var/runtime`. */
  readonly runtimeDir: string;
  /** Of classes, for Java; below `/var/runtime`. */
  readonly sharedArchive?: string | undefined;
  /** Where a debugger is let in. */
  readonly debug?: DebugLaunch;
}

const HEAP_SHARE = 0.9;
const SEMI_SPACE_SHARE = 0.05;
const SEMI_SPACE_MIB = { min: 1, max: 64 };

/** `exec` answers 127 for a wrapper that is not there, as AWS's own start script does. */
const EXEC = 'exec "$0" "$@"';
/** The function's own code goes before its layers; what the shell adds to the environment is not for it. */
const EXEC_FIRST_BOOTSTRAP = 'unset PWD OLDPWD SHLVL; if [ -f "$0" ]; then exec "$0"; fi; exec "$1"';

export function planNode(
  version: FunctionVersion,
  family: RuntimeFamily,
  prepared: PreparedRuntime,
): LaunchPlan {
  const flags = heapFlags(version);
  return planBootstrap(version, family, {
    prepared,
    command: (interpreter, inside) => [interpreter, ...flags, `${inside.path('/var/runtime')}/bootstrap.cjs`],
  });
}

/** The heap grows with the function's memory, unless the function sets the limit itself. */
function heapFlags({ memoryMiB, environment }: FunctionVersion): readonly string[] {
  if (/max[-_]old[-_]space[-_]size/.test(environment?.['NODE_OPTIONS'] ?? '')) return [];
  const semiSpace = Math.floor(memoryMiB * SEMI_SPACE_SHARE);
  return [
    `--max-old-space-size=${Math.floor(memoryMiB * HEAP_SHARE)}`,
    `--max-semi-space-size=${Math.min(SEMI_SPACE_MIB.max, Math.max(SEMI_SPACE_MIB.min, semiSpace))}`,
  ];
}

export function planPython(
  version: FunctionVersion,
  family: RuntimeFamily,
  prepared: PreparedRuntime,
): LaunchPlan {
  const flags = siteFlags(version);
  return planBootstrap(version, family, {
    prepared,
    command: (interpreter, inside) => [
      interpreter,
      ...flags,
      '-u',
      `${inside.path('/var/runtime')}/bootstrap.py`,
    ],
  });
}

/**
 * Without `site` Python starts 3–5 ms sooner and sees no packages of the host. A wrapper or a search path of the
 * function's own may rely on it: that is how instrumentation finds its `sitecustomize`.
 */
function siteFlags({ environment = {} }: FunctionVersion): readonly string[] {
  return 'AWS_LAMBDA_EXEC_WRAPPER' in environment || 'PYTHONPATH' in environment ? [] : ['-S'];
}

/** AWS's own client in a Java machine, over TCP. */
export function planJava(
  version: FunctionVersion,
  family: Extract<RuntimeFamily, { kind: 'java' }>,
  { arch, ...prepared }: PreparedRuntime & Pick<Machine, 'arch'>,
): LaunchPlan {
  return planLanguage(version, family, {
    prepared,
    usesRuntimeSocket: false,
    command: (interpreter, inside, facts) => [
      interpreter,
      ...javaArguments({
        major: family.major,
        arch,
        archive: prepared.sharedArchive,
        version,
        inside,
        facts,
      }),
    ],
  });
}

interface BootstrapStart {
  readonly prepared: PreparedRuntime;
  readonly command: (interpreter: string, inside: InsideView) => Command;
}

/** Our own bootstraps, over the Unix socket: the same command whether or not the function is known yet. */
function planBootstrap(
  version: FunctionVersion,
  family: RuntimeFamily,
  { prepared, command }: BootstrapStart,
): LaunchPlan {
  const { interpreter, runtimeDir, debug } = prepared;
  const late = lateBindingOf(version, family, {
    command: (inside) => command(programInside(interpreter, inside), inside),
    mounts: runtimeMounts(prepared),
    madeOf: [interpreter.path, runtimeDir],
  });
  const start = { prepared, usesRuntimeSocket: true, command };
  return planLanguage(version, family, debug ? start : { ...start, late });
}

interface LanguageStart {
  readonly prepared: PreparedRuntime;
  readonly usesRuntimeSocket: boolean;
  readonly late?: LateBinding;
  readonly command: (interpreter: string, inside: InsideView, facts: LaunchFacts) => Command;
}

function planLanguage(
  version: FunctionVersion,
  family: RuntimeFamily,
  { prepared, usesRuntimeSocket, late, command }: LanguageStart,
): LaunchPlan {
  const { interpreter, debug } = prepared;
  return planOf(version, family, {
    mounts: runtimeMounts(prepared),
    usesRuntimeSocket,
    ...(debug ? { debug } : {}),
    ...(late ? { late } : {}),
    command: (inside, facts) => {
      const inner = command(programInside(interpreter, inside), inside, facts);
      const wrapper = version.environment?.['AWS_LAMBDA_EXEC_WRAPPER'];
      return wrapper ? ['/bin/sh', '-c', EXEC, wrapper, ...inner] : inner;
    },
  });
}

function runtimeMounts({ interpreter, runtimeDir, debug }: PreparedRuntime): readonly SandboxMount[] {
  const mounts: SandboxMount[] = [{ source: runtimeDir, target: '/var/runtime' }, ...(debug?.mounts ?? [])];
  if (interpreter.prefix !== undefined) mounts.push({ source: interpreter.prefix, target: '/var/lang' });
  return mounts;
}

function programInside({ path, prefix }: Interpreter, inside: InsideView): string {
  return prefix === undefined ? path : inside.path('/var/lang') + path.slice(prefix.length);
}

/** `provided.*`: whatever `bootstrap` the code or a layer brings, which reads the Runtime API over TCP. */
export function planCustomRuntime(version: FunctionVersion, family: RuntimeFamily): LaunchPlan {
  return planOf(version, family, {
    mounts: [],
    usesRuntimeSocket: false,
    command: (inside) => [
      '/bin/sh',
      '-c',
      EXEC_FIRST_BOOTSTRAP,
      `${inside.path('/var/task')}/bootstrap`,
      `${inside.path('/opt')}/bootstrap`,
    ],
  });
}

interface Start {
  readonly mounts: readonly SandboxMount[];
  readonly usesRuntimeSocket: boolean;
  readonly debug?: DebugLaunch;
  readonly late?: LateBinding;
  readonly command: (inside: InsideView, facts: LaunchFacts) => Command;
}

function planOf(version: FunctionVersion, family: RuntimeFamily, start: Start): LaunchPlan {
  const program = (inside: InsideView, facts: LaunchFacts): SandboxProgram => ({
    command: start.command(inside, facts),
    env: {
      ...environmentOf(version, family, { inside, facts }),
      ...(start.debug ? debugVariables(family, start.debug, inside.path) : {}),
    },
    cwd: inside.path('/var/task'),
  });
  const { mounts, usesRuntimeSocket, late } = start;
  return { mounts, usesRuntimeSocket, program, ...(late ? { late } : {}) };
}
