import { validationError } from './errors.ts';
import { quotas } from './quotas.ts';

export interface PageRequest {
  readonly Marker?: string | undefined;
  readonly MaxItems?: number | undefined;
}

export interface PageQuery {
  /** Keys greater than this one; empty for the first page. */
  readonly after: string;
  /** One more than a page holds, to tell whether there is another. */
  readonly count: number;
}

export function pageQuery({ Marker: marker, MaxItems: maxItems }: PageRequest): PageQuery {
  return { after: parseMarker(marker), count: (maxItems ?? quotas.pageItems) + 1 };
}

function parseMarker(marker: string | undefined): string {
  if (marker === undefined) return '';
  const key = Buffer.from(marker, 'base64url').toString();
  if (renderMarker(key) !== marker || key.includes('\0')) throw validationError('Invalid Marker.');
  return key;
}

function renderMarker(key: string): string {
  return Buffer.from(key).toString('base64url');
}

interface Page<Item> {
  readonly items: Item[];
  /** To be spread into the answer. */
  readonly paging: { readonly IsTruncated: boolean; readonly Marker?: string };
}

/** Cuts what was read for `query` to one page. */
export function pageOf<Item>(
  found: readonly Item[],
  query: PageQuery,
  keyOf: (item: Item) => string,
): Page<Item> {
  const items = found.slice(0, query.count - 1);
  const last = items.at(-1);
  if (found.length < query.count || last === undefined) return { items, paging: { IsTruncated: false } };
  return { items, paging: { IsTruncated: true, Marker: renderMarker(keyOf(last)) } };
}
