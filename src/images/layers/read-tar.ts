import { invalidImage } from '../image-error.ts';
import { imageLimits } from '../image-limits.ts';
import { ByteSource } from './byte-source.ts';
import { BLOCK_BYTES, parseTarHeader, type TarHeader } from './tar-header.ts';

/** One thing in an archive. `content` is read, or skipped, before the next entry is asked for. */
export interface TarEntry extends TarHeader {
  content(): AsyncIterable<Buffer>;
}

/** Of an extended header: some paths, and attributes that are not looked at. */
const MOST_EXTENSION_BYTES = 1_048_576;

/** What an extended header says of the entry after it. */
interface Extension {
  name?: string;
  linkName?: string;
  bytes?: number;
}

/**
 * The entries of a tar archive in order: ustar with pax and GNU extensions for long names and sizes. Sparse files are
 * refused: nobody builds images with them, and they promise much for little. Reads the stream to its end.
 */
export async function* readTar(chunks: AsyncIterable<Buffer>): AsyncGenerator<TarEntry> {
  const source = new ByteSource(chunks);
  let extension: Extension = {};
  for (;;) {
    const block = await source.exactly(BLOCK_BYTES);
    const header = block && parseTarHeader(block);
    if (!header) break;
    if ('xgLK'.includes(header.type)) {
      extension = { ...extension, ...(await readExtension(source, header)) };
      continue;
    }
    yield* readEntry(source, { ...header, ...extension });
    extension = {};
  }
  await source.drain();
}

async function* readEntry(source: ByteSource, header: TarHeader): AsyncGenerator<TarEntry> {
  if (header.type === 'S') throw sparse();
  // Links and folders have none, whatever their headers say.
  const bytes = header.type === '0' ? header.bytes : 0;
  if (bytes > imageLimits.unpackedBytes)
    throw invalidImage('a file of the image is larger than an image may be');
  let read = false;
  yield {
    ...header,
    bytes,
    content: () => {
      read = true;
      return source.stream(bytes);
    },
  };
  if (!read) await source.skip(bytes);
  await source.skipWhatIsThere(padding(bytes));
}

async function readExtension(source: ByteSource, { type, bytes }: TarHeader): Promise<Extension> {
  if (bytes > MOST_EXTENSION_BYTES) throw invalidImage('a layer of the image has a header that is too large');
  const data = (await source.exactly(bytes)) ?? Buffer.alloc(0);
  await source.skip(padding(bytes));
  const text = data.toString('utf8');
  switch (type) {
    case 'L':
      return { name: beforeZero(text) };
    case 'K':
      return { linkName: beforeZero(text) };
    case 'x':
      return parsePax(data);
    default:
      return {};
  }
}

/** Records such as `27 path=some/long/name\n`, each led by its own length. */
function parsePax(data: Buffer): Extension {
  const extension: Extension = {};
  for (let at = 0; at < data.length; ) {
    const blank = data.indexOf(0x20, at);
    const length = blank < 0 ? Number.NaN : Number(data.subarray(at, blank).toString('latin1'));
    if (!Number.isInteger(length) || length <= blank - at || at + length > data.length) {
      throw invalidImage('a layer of the image has a damaged header');
    }
    const record = data.subarray(blank + 1, at + length - 1).toString('utf8');
    const equals = record.indexOf('=');
    applyPax(extension, record.slice(0, equals), record.slice(equals + 1));
    at += length;
  }
  return extension;
}

function applyPax(extension: Extension, key: string, value: string): void {
  if (key.startsWith('GNU.sparse.')) throw sparse();
  if (key === 'path') extension.name = value;
  if (key === 'linkpath') extension.linkName = value;
  if (key !== 'size') return;
  const bytes = Number(value);
  if (!Number.isSafeInteger(bytes) || bytes < 0)
    throw invalidImage('a layer of the image has a damaged header');
  extension.bytes = bytes;
}

function beforeZero(text: string): string {
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}

function padding(bytes: number): number {
  return (BLOCK_BYTES - (bytes % BLOCK_BYTES)) % BLOCK_BYTES;
}

function sparse(): Error {
  return invalidImage('a layer of the image has sparse files, which are refused');
}
