export { type Authenticated, Authenticator, type KnownKeys } from './auth/authenticator.ts';
export {
  type ControlAnswer,
  ControlPlane,
  type ControlRequest,
  type ControlRoute,
  operatorToken,
} from './control/control-routes.ts';
export { keyRoutes } from './control/key-routes.ts';
export type { Downloads } from './downloads.ts';
export { createEdge, type Edge, type EdgeOptions } from './edge.ts';
export { invokeMembers } from './invoke/invoke-request.ts';
export type { InvokeAccess } from './invoke/invoke-handler.ts';
export { type AccessKey, AccessKeys } from './keys/access-keys.ts';
export { accessKeysMigrations } from './keys/keys-store.ts';
export { type EdgeLimits, edgeLimits } from './limits.ts';
export { ListeningAddress } from './listening-address.ts';
export type { EnvironmentOrigin } from './origin.ts';
