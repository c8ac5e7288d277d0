import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { unzipSync } from 'fflate';
import { UsageError } from '../command.ts';
import { type PackageEntry, readFolder } from './read-folder.ts';
import { zipEntries } from './zip-entries.ts';

/** What is deployed, and the files in it for a look at what they hold. */
export interface Package {
  readonly zip: Uint8Array;
  readonly entries: readonly PackageEntry[];
}

/** A folder is packaged; an archive that a build tool made (a jar is one) goes as it is. Throws `UsageError`. */
export function readPackage(folder: string | undefined, archive: string | undefined): Package {
  if (archive === undefined) return packFolder(resolve(folder ?? '.'));
  if (folder !== undefined) throw new UsageError('--zip-file takes the place of --source-dir');
  return openArchive(resolve(archive));
}

function packFolder(folder: string): Package {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new UsageError(`--source-dir: ${folder} is no folder`);
  const entries = readFolder(folder);
  if (entries.length === 0) throw new UsageError(`--source-dir: nothing to package in ${folder}`);
  return { zip: zipEntries(entries), entries };
}

function openArchive(path: string): Package {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile())
    throw new UsageError(`--zip-file: ${path} is no file`);
  const zip = readFileSync(path);
  try {
    const files = Object.entries(unzipSync(zip)).filter(([name]) => !name.endsWith('/'));
    const entries = files.map(
      ([name, content]) => ({ path: name, kind: 'file', content, executable: false }) as const,
    );
    return { zip, entries };
  } catch {
    throw new UsageError(`--zip-file: ${path} is no zip and no jar`);
  }
}
