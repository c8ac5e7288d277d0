export { Alarm } from './alarm.ts';
export { type CancelTimer, type Clock, ManualClock, WallClock } from './clock.ts';
export { type Deferred, deferred } from './deferred.ts';
export { type Ids, randomIds } from './ids.ts';
export { InvariantViolation, invariant } from './invariant.ts';
export { createLog, type Log, type LogLevel } from './log.ts';
export { type PhaseTime, PhaseTimes } from './phase-times.ts';
export { secretFile } from './secret-file.ts';
export { syncFileSystem } from './sync-file-system.ts';
