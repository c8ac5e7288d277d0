import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '../../base/index.ts';
import { emptyFolder } from '../system/folders.ts';
import { sendSignal } from '../system/signals.ts';
import { MAX_KILL_ROUNDS, processesWithVariable } from './processes.ts';

/**
 * Ends what a crashed server with the same state folder left running, known by the TMPDIR it was given, and removes
 * its folders. Where the environment of processes cannot be read (macOS), processes that still run are left alone.
 */
export async function sweepProcesses(runDir: string, log: Log): Promise<readonly string[]> {
  const found = readdirSync(join(runDir, 'sandboxes'));
  for (let round = 0; round < MAX_KILL_ROUNDS; round++) {
    const left = processesWithVariable('TMPDIR', (value) => value.startsWith(`${join(runDir, 'tmp')}/`));
    if (left.filter((pid) => sendSignal(pid, 'SIGKILL')).length === 0) break;
    log.warn({ pids: left }, 'killed processes that a crashed server left');
  }
  for (const folder of ['sandboxes', 'tmp', 'mounts']) await emptyFolder(join(runDir, folder));
  return found;
}
