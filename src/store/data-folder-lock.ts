import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Held until `release`, or until the process is gone in whatever way. */
export interface DataFolderLock {
  release(): void;
}

/**
 * Claims a data folder for this process, making it if absent. Throws where another server has it, naming that
 * server's process. The lock is SQLite's own on an empty database: the kernel drops it with the process, so a
 * killed server leaves nothing to clean up.
 */
export function lockDataFolder(folder: string): DataFolderLock {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const holder = join(folder, 'server.pid');
  const lock = new DatabaseSync(join(folder, 'server.lock'), { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    throw new Error(`another Hearth server${processIn(holder)} uses the data folder ${folder}`, {
      cause: error,
    });
  }
  writeFileSync(holder, `${process.pid}\n`);
  return { release: () => lock.isOpen && lock.close() };
}

function processIn(holder: string): string {
  try {
    return ` (process ${readFileSync(holder, 'utf8').trim()})`;
  } catch {
    return '';
  }
}
