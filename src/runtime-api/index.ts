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
} from './runtime-session.ts';
