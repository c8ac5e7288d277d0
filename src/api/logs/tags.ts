import { invalidParameter, tooManyTags } from './errors.ts';

type Tags = Readonly<Record<string, string>>;

const maxTags = 50;

/** The tags with others added or replaced. Throws `TooManyTagsException` beyond 50. */
export function withTags(current: Tags, added: Tags | undefined): Tags {
  const keys = Object.keys(added ?? {});
  if (keys.some((key) => key.toLowerCase().startsWith('aws:'))) {
    throw invalidParameter('Tag keys that begin with aws: are reserved.');
  }
  const next = { ...current, ...added };
  if (Object.keys(next).length > maxTags) throw tooManyTags();
  return next;
}

export function withoutTags(current: Tags, keys: readonly string[]): Tags {
  return Object.fromEntries(Object.entries(current).filter(([key]) => !keys.includes(key)));
}
