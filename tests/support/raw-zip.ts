import { crc32, deflateRawSync } from 'node:zlib';

/** One entry of a zip, with everything that an honest archiver would work out open to lies. */
export interface RawEntry {
  readonly name: string;
  readonly data?: Uint8Array;
  readonly method?: number;
  /** Unix mode with type bits. */
  readonly mode?: number;
  readonly flags?: number;
  readonly declaredBytes?: number;
  readonly declaredCompressedBytes?: number;
  readonly declaredCrc?: number;
  /** Points to another entry's local header: the overlap of compact zip bombs. */
  readonly headerOffset?: number;
}

/** Writes a zip exactly as told (APPNOTE 4.3). */
export function rawZip(entries: readonly RawEntry[]): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const fields = fieldsOf(entry);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(20, 4);
    local.writeUInt16LE(fields.name.length, 26);
    directory.push(directoryRecord(entry, fields, entry.headerOffset ?? offset), fields.name);
    locals.push(local, fields.name, Buffer.from(fields.body));
    offset += local.length + fields.name.length + fields.body.length;
  }
  const records = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length & 0xffff, 8);
  end.writeUInt16LE(entries.length & 0xffff, 10);
  end.writeUInt32LE(records.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, records, end]);
}

interface Fields {
  readonly name: Buffer;
  readonly data: Uint8Array;
  readonly body: Uint8Array;
  readonly method: number;
}

function fieldsOf(entry: RawEntry): Fields {
  const data = entry.data ?? new Uint8Array();
  const method = entry.method ?? 8;
  return { name: Buffer.from(entry.name), data, method, body: method === 8 ? deflateRawSync(data) : data };
}

function directoryRecord(
  entry: RawEntry,
  { name, data, body, method }: Fields,
  headerOffset: number,
): Buffer {
  const record = Buffer.alloc(46);
  record.writeUInt32LE(0x02014b50, 0);
  record.writeUInt16LE((3 << 8) | 20, 4);
  record.writeUInt16LE(20, 6);
  record.writeUInt16LE(entry.flags ?? 0x800, 8);
  record.writeUInt16LE(method, 10);
  record.writeUInt32LE(0x21_00_00, 12);
  record.writeUInt32LE(entry.declaredCrc ?? crc32(data), 16);
  record.writeUInt32LE(entry.declaredCompressedBytes ?? body.length, 20);
  record.writeUInt32LE(entry.declaredBytes ?? data.length, 24);
  record.writeUInt16LE(name.length, 28);
  record.writeUInt32LE(((entry.mode ?? 0o100644) << 16) >>> 0, 38);
  record.writeUInt32LE(headerOffset, 42);
  return record;
}
