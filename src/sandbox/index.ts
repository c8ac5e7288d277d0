export { HOST_INSIDE, hostPortListener } from './network/host-port.ts';
export { prepareOwnRoot } from './oci/own-root.ts';
export { createOciSandboxFactory, type OciSandboxFactoryOptions } from './oci/oci-factory.ts';
export type { Finding } from './probe/findings.ts';
export { createProcessSandboxFactory, type ProcessSandboxFactoryOptions } from './process/process-factory.ts';
export { chooseSandbox, probeSandbox, type SandboxProbe } from './probe/probe.ts';
export { type ProgramOutcome, type RunProgram, type RunProgramOptions, runProgram } from './run-program.ts';
export type {
  CompanionExit,
  InsideView,
  Sandbox,
  SandboxCapabilities,
  SandboxCompanion,
  SandboxCompanions,
  SandboxDatagramListener,
  SandboxExit,
  SandboxFactory,
  SandboxForks,
  SandboxForkSpec,
  SandboxListener,
  SandboxMount,
  SandboxProgram,
  SandboxSpec,
  SandboxUsage,
  SandboxVolume,
} from './sandbox.ts';
export { SandboxError } from './sandbox-error.ts';
