import { readdirSync, readFileSync, statSync } from 'node:fs';
import { sendSignal } from '../system/signals.ts';

/** Killed processes are found until they are dead. */
const MAX_KILL_ROUNDS = 50;

/**
 * Kills what `find` gives until it gives nothing twice in a row, but not for ever: looking for processes races with their
 * forking. One that died while it was looked for may have left a child that had not been there yet.
 */
export function killAllFound(
  find: () => readonly number[],
  killed?: (pids: readonly number[]) => void,
): void {
  let empty = 0;
  for (let round = 0; round < MAX_KILL_ROUNDS && empty < 2; round++) {
    const found = find();
    empty = found.length === 0 ? empty + 1 : 0;
    for (const pid of found) sendSignal(pid, 'SIGKILL');
    if (round === 0 && found.length > 0) killed?.(found);
  }
}

/**
 * Processes that were started with an environment variable of such a value: also those that left their group by
 * `setsid`. Linux only; elsewhere the environment of another process cannot be read, and this gives none.
 */
export function processesWithVariable(name: string, matches: (value: string) => boolean): readonly number[] {
  const start = `${name}=`;
  return linuxProcesses().filter((pid) =>
    readProc(pid, 'environ')
      .split('\0')
      .some((entry) => entry.startsWith(start) && matches(entry.slice(start.length))),
  );
}

/** Processes of a user id, Linux only. */
export function processesOfUser(uid: number): readonly number[] {
  return linuxProcesses().filter((pid) => ownerOf(pid) === uid);
}

function linuxProcesses(): readonly number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid && !isZombie(pid));
}

/** Dead, and only waiting for its parent to notice. */
function isZombie(pid: number): boolean {
  return readProc(pid, 'stat').split(') ').at(-1)?.startsWith('Z') ?? false;
}

function ownerOf(pid: number): number | undefined {
  return statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid;
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}

/** Most memory and CPU time of one process so far, children that it waited for included (proc_pid_stat(5)). */
export function processUsage(pid: number): { memoryPeakBytes: number; cpuUsec: number } | undefined {
  const peakKib = Number(/^VmHWM:\s+(\d+) kB$/m.exec(readProc(pid, 'status'))?.[1] ?? 0);
  const fields = readProc(pid, 'stat').split(') ').at(-1)?.split(' ') ?? [];
  const ticks = fields
    .slice(FIRST_TIME_FIELD, FIRST_TIME_FIELD + 4)
    .reduce((sum, field) => sum + Number(field), 0);
  if (peakKib === 0) return undefined;
  return { memoryPeakBytes: peakKib * 1024, cpuUsec: ticks * USEC_PER_TICK };
}

/** `utime`, `stime`, `cutime`, `cstime` are fields 14 to 17; what follows the name starts with field 3. */
const FIRST_TIME_FIELD = 11;
/** USER_HZ is 100 on every architecture that Node runs on. */
const USEC_PER_TICK = 10_000;
