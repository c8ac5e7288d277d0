export type { DebugLine } from './debug-route.ts';
export { type OperatorParts, operatorRoutes } from './operator-routes.ts';
export type { PoolSummary, ServerFacts, ServerStatus, VersionEnvironments } from './status.ts';
