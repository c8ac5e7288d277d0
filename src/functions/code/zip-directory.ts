import { type Entry, fromBuffer, type ZipFile } from 'yauzl';
import { limits } from '../../model/index.ts';
import { type ZipEntry, ZipRejected } from './zip-plan.ts';

/** Archivers that store a Unix mode in the upper half of the external attributes: 3 Unix, 19 macOS. */
const UNIX_SYSTEMS: ReadonlySet<number> = new Set([3, 19]);

/** Reads the central directory of a zip held in memory. Rejects with `ZipRejected`. */
export async function readZipDirectory(zip: Buffer): Promise<readonly ZipEntry[]> {
  const file = await open(zip);
  if (file.entryCount > limits.codeEntries) throw new ZipRejected('unreadable', 'too many entries');
  return new Promise((resolve, reject) => {
    const entries: ZipEntry[] = [];
    file.on('error', (error: Error) => reject(new ZipRejected('unreadable', error.message)));
    file.on('entry', (entry: Entry) => {
      entries.push(describe(entry));
      file.readEntry();
    });
    file.on('end', () => resolve(entries));
    file.readEntry();
  });
}

function open(zip: Buffer): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    fromBuffer(zip, { lazyEntries: true }, (error, file) => {
      if (error) reject(new ZipRejected('unreadable', error.message));
      else resolve(file);
    });
  });
}

function describe(entry: Entry): ZipEntry {
  const unix = UNIX_SYSTEMS.has(entry.versionMadeBy >>> 8);
  return {
    name: entry.fileName,
    compressedBytes: entry.compressedSize,
    bytes: entry.uncompressedSize,
    crc32: entry.crc32,
    method: entry.compressionMethod,
    encrypted: (entry.generalPurposeBitFlag & 1) !== 0,
    headerOffset: entry.relativeOffsetOfLocalHeader,
    unixMode: unix ? entry.externalFileAttributes >>> 16 : 0,
    modifiedMs: entry.getLastModDate().getTime(),
  };
}
