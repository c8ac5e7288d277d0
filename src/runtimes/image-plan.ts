import type { LocalImage } from '../images/index.ts';
import type { FunctionVersion } from '../model/index.ts';
import { environmentOfImage } from './environment-variables.ts';
import type { LaunchPlan } from './launch.ts';

/** What a container image starts, its own settings replaced by the function's one by one. */
export interface ImageStart {
  readonly entryPoint: readonly string[];
  readonly command: readonly string[];
  readonly workingDirectory: string;
}

export function imageStart({ imageConfig = {} }: FunctionVersion, image: LocalImage): ImageStart {
  return {
    entryPoint: imageConfig.entryPoint ?? image.entryPoint,
    command: imageConfig.command ?? image.command,
    workingDirectory: imageConfig.workingDirectory ?? image.workingDirectory,
  };
}

/** The plan of an image, which speaks to the Runtime API over TCP. */
export function planImage(version: FunctionVersion, image: LocalImage): LaunchPlan {
  const { entryPoint, command, workingDirectory } = imageStart(version, image);
  // Whoever starts it has seen that there is something to start.
  const [program = '', ...rest] = [...entryPoint, ...command];
  return {
    mounts: [],
    usesRuntimeSocket: false,
    program: (_inside, facts) => ({
      command: [program, ...rest],
      env: environmentOfImage(version, image.env, facts),
      cwd: workingDirectory,
    }),
  };
}
