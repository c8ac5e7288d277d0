export type { Extension } from './extension.ts';
export type { InvokeEvent, ShutdownReason } from './extension-replies.ts';
export type { ExtensionState } from './extension-states.ts';
export {
  ExtensionsApi,
  type ExtensionsApiOptions,
  type ExtensionsObserver,
  MAX_EXTENSIONS,
} from './extensions-api.ts';
