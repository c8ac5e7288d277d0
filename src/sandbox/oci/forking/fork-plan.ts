import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';

/** What becomes of a process's open files in its fork (native/fork-x64.c), and what speaks against a fork. */
export interface ForkPlan {
  /** One clause each. Empty: it can be forked. */
  readonly obstacles: readonly string[];
  /** A line for the working folder and for each descriptor from 4 on, ascending; the others the fork gets anew. */
  readonly lines: readonly string[];
}

/** The first descriptor that is the program's own: 0 is /dev/null, 1 to 3 are its outputs. */
const FIRST_OWN = 4;
const O_DIRECTORY = 0o200000;
const MOST_PATH_BYTES = 1_000;
/** Devices without a state of their own. */
const SHARED_DEVICES: ReadonlySet<string> = new Set([
  '/dev/null',
  '/dev/zero',
  '/dev/full',
  '/dev/random',
  '/dev/urandom',
]);

/**
 * Looks at a process that stands still. What two forks would share beyond memory that is copied when written to is an
 * obstacle: threads and timers would be lost, shared memory and pipes would join what must be apart.
 */
export function planFork(pid: number): ForkPlan {
  const obstacles = [...threadObstacles(pid), ...memoryObstacles(pid), ...timerObstacles(pid)];
  const lines: string[] = [];
  const add = (entry: PlanEntry): void => {
    if ('line' in entry) lines.push(entry.line);
    else obstacles.push(entry.obstacle);
  };
  add(planFolder(pid));
  const descriptors = readdirSync(`/proc/${pid}/fd`).map(Number);
  for (const fd of descriptors.filter((each) => each >= FIRST_OWN).sort((a, b) => a - b)) {
    add(planDescriptor(pid, fd));
  }
  return { obstacles, lines };
}

function threadObstacles(pid: number): readonly string[] {
  const count = readdirSync(`/proc/${pid}/task`).length;
  return count > 1 ? [`it runs ${count} threads, of which a fork would have one`] : [];
}

function timerObstacles(pid: number): readonly string[] {
  const path = `/proc/${pid}/timers`;
  // Only kernels that can checkpoint have it.
  const timers = existsSync(path) ? readFileSync(path, 'utf8') : '';
  return timers === '' ? [] : ['it has timers, which a fork would lose'];
}

/** Of mappings that are shared, only those of files that nobody can write to are harmless. */
function memoryObstacles(pid: number): readonly string[] {
  const found = new Set<string>();
  for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
    const [, permissions = '', , , , ...path] = line.split(/ +/);
    if (permissions[3] !== 's') continue;
    const name = path.join(' ');
    const readOnlyFile = permissions[1] === '-' && /^\/(usr|var|opt|etc|lib\w*)\//.test(name);
    if (!readOnlyFile || name.endsWith(DELETED)) found.add(name || 'without a name');
  }
  return [...found].map((name) => `it has shared memory (${name}), which all forks would write to`);
}

const DELETED = ' (deleted)';

type PlanEntry = { readonly line: string } | { readonly obstacle: string };

function planFolder(pid: number): PlanEntry {
  const path = readlinkSync(`/proc/${pid}/cwd`);
  return unusable(path) ? { obstacle: `its working folder is ${path}` } : { line: `w ${path}` };
}

function planDescriptor(pid: number, fd: number): PlanEntry {
  const target = readlinkSync(`/proc/${pid}/fd/${fd}`);
  if (SHARED_DEVICES.has(target)) return { line: `k ${fd}` };
  const { flags, position } = openFileOf(pid, fd);
  if (target.startsWith('socket:')) return { line: `s ${fd} ${flags}` };
  if (!reopens(`/proc/${pid}/fd/${fd}`) || unusable(target) || /^\/(memfd:|proc\/\d+\/)/.test(target)) {
    return { obstacle: `its descriptor ${fd} is ${target}, which cannot be opened anew` };
  }
  const offset = (flags & O_DIRECTORY) === 0 ? position : 0;
  return { line: `o ${fd} ${flags} ${offset} ${target}` };
}

function openFileOf(pid: number, fd: number): { readonly flags: number; readonly position: string } {
  const text = readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'latin1');
  const flags = parseInt(/^flags:\t(\d+)/m.exec(text)?.[1] ?? '0', 8);
  return { flags, position: /^pos:\t(\d+)/m.exec(text)?.[1] ?? '0' };
}

function reopens(path: string): boolean {
  const stats = statSync(path);
  return stats.isFile() || stats.isDirectory();
}

/** Gone, not a path at all, or one that the plan has no room for. */
function unusable(path: string): boolean {
  return (
    !path.startsWith('/') ||
    path.endsWith(DELETED) ||
    path.includes('\n') ||
    Buffer.byteLength(path) > MOST_PATH_BYTES
  );
}
