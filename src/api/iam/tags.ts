import type { Tag } from '@aws-sdk/client-iam';
import { invalidInput, limitExceeded } from './errors.ts';
import { type PageRequest, pageOf, pageQuery } from './page.ts';
import { quotas } from './quotas.ts';

export type Tags = Readonly<Record<string, string>>;

/** Reads the tags of a new entity. Throws `InvalidInput` where a key stands twice. */
export function parseTags(tags: readonly Tag[] | undefined): Tags {
  const list = tags ?? [];
  const keys = new Set(list.map((tag) => tag.Key?.toLowerCase()));
  if (keys.size !== list.length) {
    throw invalidInput('Duplicate tag keys found. Please note that Tag keys are case insensitive.');
  }
  return Object.fromEntries(list.map((tag) => [tag.Key ?? '', tag.Value ?? '']));
}

/** The tags with others added or replaced. Throws `LimitExceeded` beyond 50. */
export function withTags(current: Tags, added: readonly Tag[] | undefined): Tags {
  const next = { ...current, ...parseTags(added) };
  if (Object.keys(next).length > quotas.tags) {
    throw limitExceeded(`The number of tags has reached the maximum limit.`);
  }
  return next;
}

export function withoutTags(current: Tags, keys: readonly string[]): Tags {
  return Object.fromEntries(Object.entries(current).filter(([key]) => !keys.includes(key)));
}

export function renderTags(tags: Tags): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

/** One page of tags, in the order of their keys. */
export function pageTags(
  tags: Tags,
  input: PageRequest,
): { readonly Tags: Tag[]; readonly IsTruncated: boolean; readonly Marker?: string } {
  const query = pageQuery(input);
  const sorted = renderTags(tags).sort((left, right) => (keyOf(left) < keyOf(right) ? -1 : 1));
  const found = sorted.filter((tag) => keyOf(tag) > query.after).slice(0, query.count);
  const { items, paging } = pageOf(found, query, keyOf);
  return { Tags: items, ...paging };
}

function keyOf(tag: Tag): string {
  return tag.Key ?? '';
}
