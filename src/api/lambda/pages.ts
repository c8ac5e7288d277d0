import { awsError } from '../../model/index.ts';

/** However many a caller asks for, AWS answers at most this many at once. */
const MOST_ITEMS = 50;

interface PageRequest {
  readonly Marker?: string | undefined;
  readonly MaxItems?: number | undefined;
}

/** How a list is continued: by the key of the last item that was answered, opaque to the caller. */
interface PageOf<Item, Position> {
  /** Reads up to `count` items after a position. */
  read(after: Position | undefined, count: number): Promise<readonly Item[]>;
  position(item: Item): Position;
  /** Checks a position that came back from the caller. */
  readonly isPosition: (value: unknown) => value is Position;
}

/** Reads one page and says how to go on; reads one item more than it answers to know whether there are any. */
export async function readPage<Item, Position>(
  request: PageRequest,
  page: PageOf<Item, Position>,
): Promise<{ readonly items: readonly Item[]; readonly NextMarker?: string }> {
  const after = request.Marker ? parseMarker(request.Marker, page.isPosition) : undefined;
  const count = Math.min(request.MaxItems ?? MOST_ITEMS, MOST_ITEMS);
  const found = await page.read(after, count + 1);
  const items = found.slice(0, count);
  const last = items.at(-1);
  if (found.length <= count || last === undefined) return { items };
  return { items, NextMarker: renderMarker(page.position(last)) };
}

export function isText(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\0');
}

export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value);
}

function renderMarker(position: unknown): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

function parseMarker<Position>(marker: string, isPosition: (value: unknown) => value is Position): Position {
  try {
    const value: unknown = JSON.parse(Buffer.from(marker, 'base64url').toString('utf8'));
    if (isPosition(value)) return value;
  } catch {
    // Falls through to the refusal.
  }
  throw awsError('InvalidParameterValueException', 'Invalid pagination token: Marker');
}
