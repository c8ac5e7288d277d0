export { MachineRuntimes } from './catalog.ts';
export type { LaunchFacts, LaunchPlan, RuntimeCatalog, RuntimeDescription } from './launch.ts';
export type { Machine } from './machine.ts';
