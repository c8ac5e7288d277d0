import type { LocalImage } from '../images/index.ts';
import type { FunctionVersion } from '../model/index.ts';
import { type ImageStart, imageStart } from '../runtimes/index.ts';
import { SandboxError } from '../sandbox/index.ts';

/** What of a container image cannot be started, in the words of AWS's platform. */
export interface LaunchFault {
  readonly errorType: 'Runtime.InvalidEntrypoint' | 'Runtime.InvalidWorkingDir';
  readonly message: string;
}

/** What can be seen before anything is started; undefined where nothing is wrong. */
export function faultBeforeStart(version: FunctionVersion, image: LocalImage): LaunchFault | undefined {
  const { entryPoint, command, workingDirectory } = imageStart(version, image);
  const [program = ''] = [...entryPoint, ...command];
  if (program === '') return invalidEntrypoint("Couldn't find valid bootstrap(s): []");
  if (!workingDirectory.startsWith('/')) {
    return invalidFolder(
      `the working directory '${workingDirectory}' is invalid, it needs to be an absolute path`,
    );
  }
  return image.hasFolder(workingDirectory)
    ? undefined
    : invalidFolder(`chdir ${workingDirectory}: no such file or directory`);
}

/** What the sandbox found wrong with the command; undefined for every other error. */
export function faultOfStart(
  error: unknown,
  version: FunctionVersion,
  image: LocalImage,
): LaunchFault | undefined {
  if (!(error instanceof SandboxError) || error.fault !== 'command') return undefined;
  const { entryPoint, command } = imageStart(version, image);
  const [program = ''] = [...entryPoint, ...command];
  return invalidEntrypoint(
    program.includes('/') ? error.message : `Couldn't find valid bootstrap(s): [${program}]`,
  );
}

/** The line that AWS writes into the log of a container image that does not start. */
export function launchErrorLine(fault: LaunchFault, start: ImageStart): string {
  const list = (words: readonly string[]): string => `[${words.join(',')}]`;
  return [
    'IMAGE',
    `Launch error: ${fault.message}`,
    `Entry Point: ${list(start.entryPoint)}`,
    `Cmd: ${list(start.command)}`,
    `WorkingDir: [${start.workingDirectory}]`,
  ].join('\t');
}

function invalidEntrypoint(message: string): LaunchFault {
  return { errorType: 'Runtime.InvalidEntrypoint', message };
}

function invalidFolder(message: string): LaunchFault {
  return { errorType: 'Runtime.InvalidWorkingDir', message };
}
