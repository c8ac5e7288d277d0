export type { LaunchFacts, LaunchPlan, RuntimeCatalog, RuntimeDescription } from './launch.ts';
