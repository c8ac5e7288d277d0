export { type MachineLimits, machineLimits } from './capacity.ts';
export { Scheduler, type SchedulerOptions } from './scheduler.ts';
