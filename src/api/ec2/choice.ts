import { notImplemented, serviceError } from '../../model/index.ts';
import type { MemberStatus } from '../operation.ts';

export interface Filter {
  readonly Name?: string;
  readonly Values?: readonly string[];
}

/** Members that all three operations have alike and that do not take effect. */
export const refusedMembers: NonNullable<MemberStatus['refused']> = {
  DryRun: { when: (dryRun) => dryRun === true, hint: 'Leave it out.' },
  MaxResults: { hint: 'Leave it out: all are given at once.' },
  NextToken: { hint: 'Leave it out: all are given at once.' },
};

interface Choice<Item> {
  readonly operation: string;
  readonly items: readonly Item[];
  readonly filters: readonly Filter[] | undefined;
  /** What can be filtered by: the filter's name, and its value for an item. */
  readonly by: Readonly<Record<string, (item: Item) => string>>;
}

/** The items that pass every filter, as EC2 has it; `*` and `?` stand for anything. A filter that is not known is refused. */
export function chosen<Item>({ operation, items, filters = [], by }: Choice<Item>): readonly Item[] {
  return filters.reduce((left, { Name: name = '', Values: values = [] }) => {
    const valueOf = Object.hasOwn(by, name) ? by[name] : undefined;
    if (!valueOf) throw notImplemented(operation, `the filter ${name.slice(0, 128)}`);
    return left.filter((item) => values.some((pattern) => matchesWildcards(pattern, valueOf(item))));
  }, items);
}

/** The items with these ids, or all without; EC2's error for the first id that is nobody's. */
export function withIds<Item>(
  items: readonly Item[],
  idOf: (item: Item) => string,
  {
    ids = [],
    code,
    noun,
  }: { readonly ids: readonly string[] | undefined; readonly code: string; readonly noun: string },
): readonly Item[] {
  const missing = ids.find((id) => !items.some((item) => idOf(item) === id));
  if (missing !== undefined)
    throw serviceError(`${code}.NotFound`, 400, `The ${noun} '${missing}' does not exist`);
  return ids.length === 0 ? items : items.filter((item) => ids.includes(idOf(item)));
}

/** In time linear in both, since a star's match is only ever made longer. */
function matchesWildcards(pattern: string, text: string): boolean {
  let [at, inText, star, mark] = [0, 0, -1, 0];
  while (inText < text.length) {
    if (pattern[at] === '*') [star, mark] = [at++, inText];
    else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === text[inText]))
      [at, inText] = [at + 1, inText + 1];
    else if (star >= 0) [at, inText] = [star + 1, ++mark];
    else return false;
  }
  return /^\**$/.test(pattern.slice(at));
}
