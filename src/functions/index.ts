export type { FunctionAddress, FunctionLookup, InvocationTarget } from './lookup.ts';
