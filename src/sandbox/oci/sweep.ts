import { readdirSync, readFileSync } from 'node:fs';
import { emptyFolder } from '../system/folders.ts';
import { mountPointsUnder } from '../system/mounts.ts';
import { sendSignal } from '../system/signals.ts';
import { type LaunchParts, removeCgroup } from './launch.ts';

/**
 * Removes what a crashed server with the same state folder left behind: commands still being started, processes,
 * control groups, mounts (and with them loop devices), folders. Gives the names of the sandboxes found.
 */
export async function sweepSandboxes(parts: LaunchParts): Promise<readonly string[]> {
  const { layout, cgroups, mounter } = parts;
  // Forks die with the program that made them.
  for (const name of [layout.runcDir, layout.forkPath]) {
    for (const pid of processesNaming(name)) sendSignal(pid, 'SIGKILL');
  }
  const found = new Set([...cgroups.list(), ...readdirSync(layout.sandboxesDir)]);
  for (const id of cgroups.list()) {
    killGroup(parts, id);
    await removeCgroup(parts, id);
  }
  for (const mountPoint of mountPointsUnder(layout.diskMountsDir)) await mounter.unmount(mountPoint);
  await parts.volumes.sweep();
  for (const folder of [layout.sandboxesDir, layout.runcDir, layout.diskMountsDir, layout.diskImagesDir]) {
    await emptyFolder(folder);
  }
  return [...found];
}

/** Programs that work for this server: their command lines name its folder. */
function processesNaming(path: string): readonly number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && commandLine(pid).includes(path));
}

function commandLine(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

/** Killing the first process of a namespace kills the rest; a frozen one dies as soon as it is thawed. */
function killGroup({ cgroups }: LaunchParts, id: string): void {
  const cgroup = cgroups.open(id);
  try {
    for (const pid of cgroup.processes()) sendSignal(pid, 'SIGKILL');
    cgroup.thaw();
  } finally {
    cgroup.close();
  }
}
