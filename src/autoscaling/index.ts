export { InvalidSchedule } from './aws-cron.ts';
export { bringWithin, parseResourceId } from './capacity.ts';
export {
  type ActionPosition,
  autoscalingMigrations,
  type ScalableTarget,
  ScalingStore,
  type ScheduledAction,
  type Suspended,
  type TargetKey,
} from './scaling-store.ts';
export { nextRunMs } from './schedule.ts';
export { ScheduledScaling } from './scheduled-scaling.ts';
