import { LATEST } from './arns.ts';
import type { FunctionVersion } from './function-version.ts';

/** Whether environments of this version go on from its snapshot; `$LATEST` never has one. */
export function startsFromSnapshot({ snapStart, version }: FunctionVersion): boolean {
  return snapStart === true && version !== LATEST;
}
