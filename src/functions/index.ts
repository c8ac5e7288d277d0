export type { FunctionAddress, FunctionLookup, InvocationTarget } from './lookup.ts';
export type {
  AccessQuestion,
  FunctionDependents,
  FunctionKey,
  KnownRuntimes,
  ReservedConcurrency,
  ResourceAccess,
} from './settings.ts';
