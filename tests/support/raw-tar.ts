/** One entry as it shall stand in an archive, however wrong. */
export interface RawTarEntry {
  readonly name: string;
  /** `0` for a file (the default), `5` for a folder, `2` for a link, `1` for a hard link, … */
  readonly type?: string;
  readonly content?: string | Uint8Array;
  readonly mode?: number;
  readonly linkName?: string;
  /** The size that the header claims. */
  readonly claimedBytes?: number;
  /** An extended header before it. */
  readonly pax?: Readonly<Record<string, string>>;
}

/** A tar archive (ustar, pax) of these entries, with its two blocks of zeros at the end. */
export function rawTar(entries: readonly RawTarEntry[]): Buffer {
  return Buffer.concat([...entries.map(blocksOf), Buffer.alloc(1_024)]);
}

function blocksOf({ pax, ...entry }: RawTarEntry): Buffer {
  if (!pax) return blockOf(entry);
  const records = Object.entries(pax).map(([key, value]) => paxRecord(key, value));
  return Buffer.concat([blockOf({ name: 'pax', type: 'x', content: records.join('') }), blockOf(entry)]);
}

/** Its length counts itself. */
function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = Buffer.byteLength(rest);
  while (String(length).length + Buffer.byteLength(rest) !== length) {
    length = String(length).length + Buffer.byteLength(rest);
  }
  return `${length}${rest}`;
}

function blockOf(entry: Omit<RawTarEntry, 'pax'>): Buffer {
  const content = Buffer.from(entry.content ?? '');
  const header = Buffer.alloc(512);
  header.write(entry.name, 0, 100, 'utf8');
  header.write(octal(entry.mode ?? 0o644, 7), 100);
  header.write(octal(0, 7), 108);
  header.write(octal(0, 7), 116);
  header.write(octal(entry.claimedBytes ?? content.length, 11), 124);
  header.write(octal(1_700_000_000, 11), 136);
  header.write('        ', 148);
  header.write(entry.type ?? '0', 156);
  header.write(entry.linkName ?? '', 157, 100, 'utf8');
  header.write('ustar\u000000', 257, 'latin1');
  header.write(
    `${octal(
      header.reduce((sum, byte) => sum + byte, 0),
      6,
    )}\0 `,
    148,
    'latin1',
  );
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}
