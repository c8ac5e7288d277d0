export { LateSnapshots } from './late-snapshots.ts';
export type { Snapshot } from './snapshot.ts';
export { noSnapshot, restoreError } from './restore-error.ts';
export { Snapshots } from './snapshots.ts';
