import type { SandboxProgram, SandboxSpec } from '../sandbox.ts';
import { readCommandStatus } from './command-status.ts';
import type { LaunchParts } from './launch.ts';
import type { StartedCommand } from './oci-sandbox.ts';
import { runDetached } from './runc.ts';

interface CommandOptions {
  readonly spec: SandboxSpec;
  readonly program: SandboxProgram;
  readonly uid: number;
  /** Folder with `config.json`. */
  readonly bundle: string;
}

/** Has the OCI runtime start the command with pipes for its outputs, and waits until it runs. */
export async function startCommand(parts: LaunchParts, options: CommandOptions): Promise<StartedCommand> {
  const { spec, program, uid, bundle } = options;
  const { createPipe, cgroups, runc } = parts;
  const outputs = [createPipe(), createPipe(), createPipe()] as const;
  const status = createPipe();
  const programs = program.companions?.programs ?? [];
  const companionOutputs = programs.map(createPipe);
  // The fourth becomes descriptor 4, which process 1 keeps to itself.
  const pipes = [...outputs, status, ...companionOutputs];
  for (const pipe of [...outputs, ...companionOutputs]) pipe.giveTo(uid);
  const command = readCommandStatus(status.readEnd, program.command[0], programs.length);
  try {
    const descriptors = pipes.map((pipe) => pipe.writeFd);
    const pid = await runDetached(runc, { id: spec.id, bundle, descriptors });
    for (const pipe of pipes) pipe.closeWriteEnd();
    const dead = runc.children.waitFor(pid);
    await command.started.catch((error: unknown) => dead.then(() => Promise.reject(error)));
    const [stdout, stderr, log] = outputs;
    return {
      pid,
      ended: dead.then(() => command.end),
      cgroup: cgroups.open(spec.id),
      stdout: stdout.readEnd,
      stderr: stderr.readEnd,
      log: log.readEnd,
      commandEnded: command.end,
      companions: command.companionExits.map((exited, index) => ({
        program: programs[index] ?? '',
        output: companionOutputs[index]?.readEnd ?? log.readEnd,
        exited,
      })),
    };
  } catch (error) {
    for (const pipe of pipes) pipe.readEnd.destroy();
    throw error;
  } finally {
    for (const pipe of pipes) pipe.closeWriteEnd();
  }
}
