import { invalidImage } from '../image-error.ts';

/** One header block of a tar archive (POSIX.1-1988 ustar, with GNU's large numbers). */
export interface TarHeader {
  readonly name: string;
  readonly mode: number;
  readonly bytes: number;
  readonly modifiedSeconds: number;
  /** One letter, `0` for a file. */
  readonly type: string;
  readonly linkName: string;
}

export const BLOCK_BYTES = 512;
const CHECKSUM = { offset: 148, length: 8 } as const;

/** Undefined for a block of zeros, which ends an archive. Throws `InvalidImage` for what is no header. */
export function parseTarHeader(block: Buffer): TarHeader | undefined {
  if (block.every((byte) => byte === 0)) return undefined;
  checkSum(block);
  const type = block.subarray(156, 157).toString('latin1');
  const isPosix = block.subarray(257, 263).toString('latin1') === 'ustar\0';
  const prefix = isPosix ? textAt(block, 345, 155) : '';
  const name = textAt(block, 0, 100);
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    mode: numberAt(block, 100, 8) & 0o7777,
    bytes: numberAt(block, 124, 12),
    modifiedSeconds: numberAt(block, 136, 12),
    type: type === '\0' || type === '7' ? '0' : type,
    linkName: textAt(block, 157, 100),
  };
}

/** The sum of all bytes, its own counted as blanks; old archives sum signed bytes, which nobody writes any more. */
function checkSum(block: Buffer): void {
  let sum = 0;
  for (const [at, byte] of block.entries()) {
    const own = at >= CHECKSUM.offset && at < CHECKSUM.offset + CHECKSUM.length;
    sum += own ? 0x20 : byte;
  }
  if (sum !== numberAt(block, CHECKSUM.offset, CHECKSUM.length)) {
    throw invalidImage('a layer of the image is no tar archive');
  }
}

function textAt(block: Buffer, offset: number, length: number): string {
  const field = block.subarray(offset, offset + length);
  const end = field.indexOf(0);
  return field.subarray(0, end < 0 ? length : end).toString('utf8');
}

/** Octal digits; or, with the first bit set, a number of the remaining bytes. */
function numberAt(block: Buffer, offset: number, length: number): number {
  const field = block.subarray(offset, offset + length);
  const [first = 0] = field;
  if ((first & 0x80) !== 0) return largeNumber(field);
  const digits = field.toString('latin1').replaceAll('\0', ' ').trim();
  if (digits === '') return 0;
  if (!/^[0-7]+$/.test(digits)) throw invalidImage('a layer of the image has a number that is none');
  return Number.parseInt(digits, 8);
}

function largeNumber(field: Buffer): number {
  let value = (field[0] ?? 0) & 0x7f;
  for (const byte of field.subarray(1)) value = value * 256 + byte;
  if (!Number.isSafeInteger(value)) throw invalidImage('a layer of the image has a number out of range');
  return value;
}
