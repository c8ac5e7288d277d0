import { type AwsError, notImplemented } from '../model/index.ts';
import type { MemberStatus } from './operation.ts';

/** 501 for the first member given that does not take effect; undefined when there is none. */
export function refusedMember(
  operation: string,
  members: MemberStatus | undefined,
  input: object,
): AwsError | undefined {
  for (const [path, { when, hint }] of Object.entries(members?.refused ?? {})) {
    const given = valuesAt(input, path.split('.')).filter((value) => value !== undefined);
    if (given.some((value) => when?.(value) ?? true)) return notImplemented(operation, path, hint);
  }
  return undefined;
}

/** Values at a dotted path; a list on the way stands for each of its elements. */
function valuesAt(value: unknown, path: readonly string[]): readonly unknown[] {
  if (Array.isArray(value) && path.length > 0) return value.flatMap((element) => valuesAt(element, path));
  const [name, ...rest] = path;
  if (name === undefined) return [value];
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return [];
  return valuesAt(Reflect.get(value, name), rest);
}
