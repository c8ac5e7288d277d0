export type {
  InsideView,
  Sandbox,
  SandboxCapabilities,
  SandboxExit,
  SandboxFactory,
  SandboxListener,
  SandboxMount,
  SandboxProgram,
  SandboxSpec,
  SandboxUsage,
} from './sandbox.ts';
