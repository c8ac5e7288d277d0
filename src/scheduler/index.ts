export { type MachineLimits, machineLimits } from './capacity.ts';
export type { GoneListener } from './ahead.ts';
export type { StartedAhead } from './start-ahead.ts';
export { Scheduler, type SchedulerOptions } from './scheduler.ts';
