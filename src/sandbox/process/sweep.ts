import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '../../base/index.ts';
import { emptyFolder } from '../system/folders.ts';
import { killAllFound, processesWithVariable } from './processes.ts';

/**
 * Ends what a crashed server with the same state folder left running, known by the TMPDIR it was given, and removes
 * its folders. Where the environment of processes cannot be read (macOS), processes that still run are left alone.
 */
export async function sweepProcesses(runDir: string, log: Log): Promise<readonly string[]> {
  const found = readdirSync(join(runDir, 'sandboxes'));
  const left = `${join(runDir, 'tmp')}/`;
  killAllFound(
    () => processesWithVariable('TMPDIR', (value) => value.startsWith(left)),
    (pids) => log.warn({ pids }, 'killed processes that a crashed server left'),
  );
  for (const folder of ['sandboxes', 'tmp', 'mounts']) await emptyFolder(join(runDir, folder));
  return found;
}
