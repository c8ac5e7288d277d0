import type { FunctionLookup } from '../../functions/index.ts';

/** The features that Lambda's operations call. Built once, in `main.ts`. */
export interface LambdaServices {
  readonly lookup: FunctionLookup;
}
