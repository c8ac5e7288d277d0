import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { ServerLayout } from '../../src/sandbox/oci/layout.ts';
import { remainsByKind } from '../../tests/support/sandbox-remains.ts';

/** How much of each kind a server holds of its machine. */
export interface Footprint {
  /** The server's own, with its children, and everything in its sandboxes. */
  readonly processes: number;
  readonly mounts: number;
  /** Those that its processes are in or that the server holds open. */
  readonly networkNamespaces: number;
  readonly loopDevices: number;
  readonly cgroups: number;
  /** Of sandboxes. */
  readonly folders: number;
  /** Open in the server itself. */
  readonly descriptors: number;
}

export function footprintOf(serverPid: number, layout: ServerLayout): Footprint {
  const { mounts, loopDevices, cgroups, folders } = remainsByKind(layout);
  const processes = processesOf(serverPid, layout);
  const opened = linksIn(`/proc/${serverPid}/fd`);
  const namespaces = [...processes.map((pid) => linkOf(`/proc/${pid}/ns/net`)), ...opened];
  return {
    processes: processes.length,
    mounts: mounts.length,
    networkNamespaces: new Set(namespaces.filter((name) => name.startsWith('net:['))).size,
    loopDevices: loopDevices.length,
    cgroups: cgroups.length,
    folders: folders.length,
    descriptors: opened.length,
  };
}

export function isSame(one: Footprint, other: Footprint): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Processes that are in sandboxes of this server. */
export function sandboxedProcessesOf(layout: ServerLayout): readonly number[] {
  return allProcesses().filter((pid) => read(`/proc/${pid}/cgroup`).includes(`/${layout.cgroup}/`));
}

function processesOf(serverPid: number, layout: ServerLayout): readonly number[] {
  const sandboxed = new Set(sandboxedProcessesOf(layout));
  const parents = new Map(allProcesses().map((pid) => [pid, parentOf(pid)]));
  const descends = (pid: number): boolean => {
    if (pid === serverPid) return true;
    const parent = parents.get(pid) ?? 0;
    return parent > 1 && descends(parent);
  };
  return [...parents.keys()].filter((pid) => sandboxed.has(pid) || descends(pid));
}

function allProcesses(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** The fourth field of `stat`, behind the name, which may hold anything but is the last to be in brackets. */
function parentOf(pid: number): number {
  return Number(/.*\) \S (\d+)/s.exec(read(`/proc/${pid}/stat`))?.[1] ?? 0);
}

function linksIn(folder: string): readonly string[] {
  return readdirSync(folder).map((name) => linkOf(`${folder}/${name}`));
}

/** Processes and descriptors come and go while they are looked at. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
