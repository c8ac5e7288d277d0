import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';

/** What one machine lets a sandbox adapter enforce. `hearth doctor` and the start banner print it. */
export interface SandboxCapabilities {
  readonly kind: 'oci' | 'process';
  /** One word each for what is enforced: `memory`, `cpu`, `pids`, `files`, `tmp-size`, `freeze`, `network`, … */
  readonly enforced: readonly string[];
  /** One sentence each: what is not enforced or differs, and why. */
  readonly gaps: readonly string[];
  /** Whether a running sandbox can be given mounts and another memory limit (`mountLate`, `limitMemory`). */
  readonly lateBinding: boolean;
  /** One sentence: why no sandbox can be forked here. Absent where one can. */
  readonly cannotFork?: string;
}

export interface SandboxMount {
  /** Absolute path on the host. */
  readonly source: string;
  /** Absolute path inside. */
  readonly target: string;
}

/** A folder of the host that the command may write to, shared between sandboxes. */
export interface SandboxVolume {
  /** Absolute path without any link in it. Its owner and group, which are not root's, are the command's inside. */
  readonly source: string;
  /** Absolute path inside. */
  readonly target: string;
  readonly readOnly: boolean;
}

/** Somebody who answers connections made inside the sandbox to one address. */
export interface SandboxListener {
  /** IPv4 literal; the sandbox adds it to its own loopback where needed. */
  readonly host: string;
  readonly port: number;
  readonly onConnection: (socket: Socket) => void;
  readonly transport?: undefined;
}

/** Somebody who takes the datagrams that are sent inside the sandbox to one address; the sandbox's rate is bounded. */
export interface SandboxDatagramListener {
  readonly transport: 'udp';
  readonly host: string;
  readonly port: number;
  readonly onDatagram: (datagram: Buffer) => void;
}

/** How the world looks to the command. */
export interface InsideView {
  /** Where a path of the assembled root is found: itself under `oci`, the mount's source under `process`. */
  path(target: string): string;
  /** `host:port` of the listener with this index in `SandboxSpec.listeners`. */
  listenerAddress(index: number): string;
  /** Path of the runtime socket; absent without `onRuntimeSocket`. */
  readonly runtimeSocketPath?: string;
}

export interface SandboxProgram {
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Absent, as for nearly every command: nothing runs beside it, and it starts at once. */
  readonly companions?: SandboxCompanions;
}

/** Programs that run beside the command, in the same namespaces, as the same user, under the same limits. */
export interface SandboxCompanions {
  /** At most 16 absolute paths inside; started without arguments, in the command's working folder. */
  readonly programs: readonly string[];
  /** Names of variables of the command's that they do not get. */
  readonly withheld: readonly string[];
}

export interface SandboxSpec {
  /** Unique, `[a-z0-9-]{1,40}`: names the cgroup, namespace and folder. */
  readonly id: string;
  /** What to run, told how things look from inside: the adapters differ in paths and addresses. */
  readonly program: (inside: InsideView) => SandboxProgram;
  /**
   * A root file system of its own in place of the assembled one, read-only and shared with whoever else uses it: an absolute
   * path on the host, made ready by `prepareOwnRoot`. Takes no `mounts` and no runtime socket; `oci` only.
   */
  readonly root?: string;
  /** Read-only, beside the assembled root (`/usr`, `/lib*`, a generated `/etc`, `/proc`, a minimal `/dev`). */
  readonly mounts: readonly SandboxMount[];
  /** Folders inside, empty at first, where `mountLate` may mount; only with `capabilities.lateBinding`. */
  readonly lateMountPoints?: readonly string[];
  /** Only where the factory has `checkVolume`. */
  readonly volumes?: readonly SandboxVolume[];
  readonly tmpBytes: number;
  readonly memoryBytes: number;
  readonly pids: number;
  readonly openFiles: number;
  /** `outbound` where absent; with `none` nothing but the listeners can be reached. */
  readonly network?: 'outbound' | 'none';
  /** Inside the sandbox's own network: the Runtime API, Hearth's own address, opened host ports; by UDP, a daemon. */
  readonly listeners: readonly (SandboxListener | SandboxDatagramListener)[];
  /** A Unix socket inside, at `/run/hearth/runtime.sock`, for bootstraps that can use one. */
  readonly onRuntimeSocket?: (socket: Socket) => void;
  /** Extra lines of `/etc/hosts`: name to IPv4 literal. */
  readonly hosts?: Readonly<Record<string, string>>;
  /** Whether the running command may be forked into sandboxes of their own (`SandboxForks`). */
  readonly forkable?: true;
}

/** What a fork has of its own. Program, files and everything else are its template's. */
export type SandboxForkSpec = Pick<
  SandboxSpec,
  'id' | 'tmpBytes' | 'memoryBytes' | 'pids' | 'listeners' | 'onRuntimeSocket' | 'hosts' | 'network'
>;

/** How the command ended: first cause wins. */
export interface SandboxExit {
  readonly exitCode?: number;
  readonly signal?: NodeJS.Signals;
  readonly outOfMemory: boolean;
}

/** One program beside the command. */
export interface SandboxCompanion {
  readonly program: string;
  /** Standard output and standard error together, in the order in which they were written. */
  readonly output: Readable;
  /** Settles when it ended, or never started; others run on. */
  readonly exited: Promise<CompanionExit>;
}

export type CompanionExit =
  | { readonly exitCode: number }
  | { readonly signal: NodeJS.Signals }
  /** It cannot be executed: an error code of the system, such as `EACCES`. */
  | { readonly launchError: string };

export interface SandboxUsage {
  readonly memoryPeakBytes: number;
  readonly cpuUsec: number;
}

/**
 * One running command inside an isolation boundary. It has never heard of a function.
 *
 * Contract (`sandbox.contract.ts`, every adapter): output written before the end is readable after it; `exited`
 * settles once, after `stdout`, `stderr` and `log` reached their end; `destroy` is idempotent, thaws before it kills and
 * leaves no process, mount, cgroup, namespace or folder. What is mounted late is seen by every process inside from then
 * on, is as read-only as what was mounted at the start, and is seen in no other sandbox.
 */
export interface Sandbox {
  readonly id: string;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** What the command wrote to descriptor 3. */
  readonly log: Readable;
  readonly exited: Promise<SandboxExit>;
  /**
   * How the command alone ended, before its output is read: companions run on after it, until the sandbox is destroyed.
   * Without companions it is `exited`.
   */
  readonly commandExited: Promise<SandboxExit>;
  /** In the order of `SandboxCompanions.programs`; nearly always none. */
  readonly companions: readonly SandboxCompanion[];
  /** Starts the command, which waits for this where there are companions. Does nothing the second time. */
  startCommand(): void;
  /** Kills the command alone. Only where there are companions. */
  killCommand(): void;
  /** Bounds CPU time to `vcpus` cores; `undefined` lifts the bound. Synchronous, microseconds. */
  limitCpu(vcpus: number | undefined): void;
  /** Changes `SandboxSpec.memoryBytes`. Synchronous, microseconds. Throws `SandboxError` without `lateBinding`. */
  limitMemory(bytes: number): void;
  /**
   * Mounts folders at points of `lateMountPoints`, each once, also while the command is frozen. Synchronous, microseconds.
   * Throws `SandboxError` where it cannot: such a sandbox is of no further use.
   */
  mountLate(mounts: readonly SandboxMount[]): void;
  freeze(): void;
  thaw(): void;
  usage(): SandboxUsage;
  signal(signal: NodeJS.Signals): void;
  /**
   * Connects to a TCP port that the command listens on at its own 127.0.0.1. Rejects where nothing listens (yet), and
   * once the sandbox is gone. The socket is the caller's.
   */
  connect(port: number): Promise<Socket>;
  /** Kills every process inside and removes everything, `/tmp` included. */
  destroy(): Promise<void>;
}

/**
 * Forks a running command, its *template*, into new sandboxes that go on from its state.
 *
 * A fork shares the template's memory until either writes to it, and nothing else: it has its own user, process, mount,
 * network, IPC and UTS namespaces, control group, `/tmp` (a copy), outputs and listeners. Files that the template has open
 * are open again, at the same place, in its own `/tmp` where they are there; its connections are cut. Not one instruction
 * of it runs before all of that is done. The template is frozen but while it forks.
 */
export interface SandboxForks {
  /** What of a template, started `forkable`, cannot be forked, one clause each: `it runs 3 threads`. Empty: it can. */
  obstaclesTo(template: Sandbox): readonly string[];
  /**
   * Makes a sandbox of `template`, which must be about to call fork(2) once `letFork` is called. One at a time; later calls
   * wait. Rejects with a `SandboxError`, of fault `command` where the template is what cannot be forked.
   */
  fork(template: Sandbox, spec: SandboxForkSpec, letFork: () => void): Promise<Sandbox>;
}

/** Makes sandboxes on this machine; the port that `oci` and `process` implement. */
export interface SandboxFactory {
  readonly capabilities: SandboxCapabilities;
  /** Rejects with the reason why the folder cannot be a volume on this machine. Absent where there are no volumes. */
  readonly checkVolume?: (source: string) => Promise<void>;
  /** Absent where `capabilities.cannotFork` says why. */
  readonly forks?: SandboxForks;
  /** Starts the command. Rejects with a `SandboxError` when the machine cannot start it. */
  start(spec: SandboxSpec): Promise<Sandbox>;
  /** Ends the sandbox's processes and starts `spec` again with the same `/tmp` (a reset environment keeps it). */
  restart(previous: Sandbox, spec: SandboxSpec): Promise<Sandbox>;
  /** Removes whatever a crashed server left: processes, mounts, cgroups, namespaces, folders. Run once at start. */
  sweep(): Promise<{ readonly removed: readonly string[] }>;
  /** Destroys every live sandbox. */
  close(): Promise<void>;
}
