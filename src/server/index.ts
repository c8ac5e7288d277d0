export type { DebugLine, PoolSummary, ServerStatus } from '../operator/index.ts';
export type { HearthOptions, HearthServer } from './options.ts';
export { startHearth } from './start-hearth.ts';
