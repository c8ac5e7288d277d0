export { type AddedRuntime, addRuntime } from './add-runtime.ts';
export { CannotAddRuntime } from './cannot-add-runtime.ts';
export { MachineRuntimes } from './catalog.ts';
export {
  CannotProvideDebugger,
  type DebugProtocol,
  provisionDebugpy,
  RuntimeDebuggers,
} from './debugging.ts';
export { type ImageStart, imageStart, planImage } from './image-plan.ts';
export { isWithoutBootstrap } from './identifiers.ts';
export { refreshJava } from './java/add-java.ts';
export type {
  GenericLaunch,
  InitializationType,
  LateBinding,
  LaunchFacts,
  LaunchPlan,
  RuntimeCatalog,
  RuntimeDescription,
} from './launch.ts';
export { type LibraryReport, librariesMissing, provisionRuntimeLibraries } from './libraries.ts';
export { localMachine } from './local-machine.ts';
export type { Machine } from './machine.ts';
