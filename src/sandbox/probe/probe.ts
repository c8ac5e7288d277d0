import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import { type CgroupMounts, parseCgroupMounts } from '../cgroups/layout.ts';
import { SandboxError } from '../sandbox-error.ts';
import {
  type Finding,
  inspectCgroups,
  inspectDisks,
  inspectKernel,
  inspectRights,
  inspectRuntime,
} from './findings.ts';
import { findProgram } from './programs.ts';

/** What this machine can do, for `hearth doctor` and the choice that `--sandbox auto` makes. */
export interface SandboxProbe {
  /** The best adapter that works here. */
  readonly kind: 'oci' | 'process';
  readonly cores: number;
  readonly cgroupVersion?: 1 | 2;
  readonly findings: readonly Finding[];
  /** One line to show at start where a Linux machine lacks something for `oci`, with the command that mends it. */
  readonly notice?: string;
}

/** Looks at this machine; changes nothing. Takes about 5 ms, most of it `runc --version`. */
export async function probeSandbox(): Promise<SandboxProbe> {
  return probe(await runcVersion());
}

/** The adapter that `--sandbox auto` takes, and the line to show where it is not the best. Runs nothing. */
export function chooseSandbox(): Pick<SandboxProbe, 'kind' | 'notice'> {
  return probe(locateRunc());
}

function locateRunc(): { readonly path: string } | undefined {
  const path = findProgram('runc');
  return path === undefined ? undefined : { path };
}

function probe(runc: { readonly path: string; readonly version?: string } | undefined): SandboxProbe {
  const cores = availableParallelism();
  if (process.platform !== 'linux') return { kind: 'process', cores, findings: [notLinux()] };
  const mounts = readCgroupMounts();
  const findings = [
    inspectRuntime(runc),
    ...inspectKernel(process.arch),
    ...inspectCgroups(mounts),
    ...inspectDisks(),
    inspectRights(),
  ];
  const lacking = findings.filter((finding) => finding.required && !finding.ok);
  return {
    kind: lacking.length === 0 ? 'oci' : 'process',
    cores,
    ...(mounts && { cgroupVersion: mounts.version }),
    findings,
    ...(lacking.length > 0 && { notice: renderNotice(lacking) }),
  };
}

function notLinux(): Finding {
  const detail = `isolated sandboxes need Linux, and this is ${process.platform}`;
  return { name: 'Linux', ok: false, required: true, detail };
}

function readCgroupMounts(): CgroupMounts | undefined {
  return parseCgroupMounts(readFileSync('/proc/self/mountinfo', 'utf8'));
}

async function runcVersion(): Promise<{ path: string; version: string } | undefined> {
  const path = findProgram('runc');
  if (path === undefined) return undefined;
  try {
    const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: 5_000 });
    return { path, version: /version (\S+)/.exec(stdout)?.[1] ?? 'unknown' };
  } catch {
    return undefined;
  }
}

/** The line to show at start. */
export function renderNotice(lacking: readonly Finding[]): string {
  const details = lacking.map(({ detail }) => detail).join('; ');
  const remedies = lacking.flatMap(({ remedy }) => (remedy === undefined ? [] : [remedy]));
  const advice =
    remedies.length === 0 ? '' : `. To isolate functions: ${[...new Set(remedies)].join(' && ')}`;
  return `Functions run without isolation: ${details}${advice}`;
}

/** What the OCI adapter needs to know of a machine that has everything it requires. */
export interface OciMachine {
  readonly runc: string;
  readonly cgroupMounts: CgroupMounts;
  readonly limitsSwap: boolean;
  /** Sized disks on loop devices; else a sized tmpfs, charged to memory. */
  readonly loopDisks: boolean;
  readonly gaps: readonly string[];
}

/** The machine's means for OCI sandboxes. Throws a `SandboxError` naming what is missing, and the command. */
export function requireOci(): OciMachine {
  const runc = locateRunc();
  const { kind, findings, notice } = probe(runc);
  const cgroupMounts = kind === 'oci' ? readCgroupMounts() : undefined;
  if (!cgroupMounts || runc === undefined) {
    throw new SandboxError(notice ?? 'isolated sandboxes need Linux', { fault: 'machine' });
  }
  const lacks = (name: string): boolean => findings.some((finding) => finding.name === name && !finding.ok);
  const gaps = findings.filter((finding) => !finding.ok).map(({ detail }) => detail);
  return {
    runc: runc.path,
    cgroupMounts,
    limitsSwap: !lacks('swap limit'),
    loopDisks: !lacks('disk for /tmp'),
    gaps,
  };
}
