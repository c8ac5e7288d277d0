export type { DebugLine } from './debug-route.ts';
export { type OperatorParts, operatorRoutes } from './operator-routes.ts';
export type { ServerFacts, ServerStatus, VersionEnvironments } from './status.ts';
