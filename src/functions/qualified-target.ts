import { LATEST } from '../model/index.ts';
import { isVersionName, readAlias } from './aliases-store.ts';
import { type Reader, readVersion } from './functions-store.ts';
import type { FunctionKey } from './settings.ts';

/** Whether the function has this version (`$LATEST`, a number) or alias. */
export async function qualifierExists(reader: Reader, key: FunctionKey, qualifier: string): Promise<boolean> {
  if (isVersionName(qualifier)) return (await readVersion(reader, key, qualifier)) !== undefined;
  return (await readAlias(reader, key, qualifier)) !== undefined;
}

export function functionExists(reader: Reader, key: FunctionKey): Promise<boolean> {
  return qualifierExists(reader, key, LATEST);
}
