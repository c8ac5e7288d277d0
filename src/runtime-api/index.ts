export {
  type Extension,
  ExtensionsApi,
  type ExtensionsApiOptions,
  type ExtensionsObserver,
  type ExtensionState,
  type InvokeEvent,
  MAX_EXTENSIONS,
  type ShutdownReason,
} from './extensions/index.ts';
export type { ContainerCredentials, RestoreRole } from './restore/restore-api.ts';
export { CREDENTIALS_PATH } from './routes.ts';
export type { RuntimeInvocation } from './runtime-event.ts';
export type { ResponseReader, StreamHead } from './streaming/response-reader.ts';
export {
  type AnswerRefusal,
  type InitError,
  type RuntimeAnswer,
  type RuntimeObserver,
  RuntimeSession,
  type RuntimeSessionLimits,
  runtimeSessionLimits,
  type SessionExtras,
} from './runtime-session.ts';
