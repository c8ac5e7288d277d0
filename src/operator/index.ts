export { type OperatorParts, operatorRoutes } from './operator-routes.ts';
export type { ServerFacts, ServerStatus, VersionEnvironments } from './status.ts';
