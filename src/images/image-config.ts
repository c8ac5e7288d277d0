import { invalidImage } from './image-error.ts';
import { imageLimits } from './image-limits.ts';
import { listOf, parseDigest, parseObject, textOf } from './manifest.ts';

/** How an image wants to be run (OCI image-spec, "config"); its `User` counts for nothing, as on AWS. */
export interface ImageLaunch {
  readonly entryPoint: readonly string[];
  readonly command: readonly string[];
  /** `/` where the image names none. */
  readonly workingDirectory: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface ImageDescription {
  readonly launch: ImageLaunch;
  /** Digests of the unpacked layers, lowest first. */
  readonly diffHexes: readonly string[];
}

/** Go's names, which images use. */
export const machineArchitecture = process.arch === 'arm64' ? 'arm64' : 'amd64';

const MOST_WORDS = 10_000;

/** Reads the configuration of an image for this machine. Throws `InvalidImage`. */
export function parseImageConfig(bytes: Buffer): ImageDescription {
  const document = parseObject(bytes);
  const [os, architecture] = [textOf(document, 'os'), textOf(document, 'architecture')];
  if (os !== 'linux' || architecture !== machineArchitecture) {
    throw invalidImage(
      `the image is for ${os ?? '?'}/${architecture ?? '?'}, this machine is linux/${machineArchitecture}`,
    );
  }
  const config = Object(Reflect.get(document, 'config')) as object;
  const rootfs = Object(Reflect.get(document, 'rootfs')) as object;
  return {
    launch: {
      entryPoint: wordsOf(config, 'Entrypoint'),
      command: wordsOf(config, 'Cmd'),
      workingDirectory: checked(textOf(config, 'WorkingDir') ?? '') || '/',
      env: parseEnv(wordsOf(config, 'Env')),
    },
    diffHexes: listOf(rootfs, 'diff_ids', imageLimits.layers).map(parseDigest),
  };
}

function wordsOf(config: object, name: string): readonly string[] {
  return listOf(config, name, MOST_WORDS).map((word) => {
    if (typeof word !== 'string') throw invalidImage(`'${name}' of the image is no list of texts`);
    return checked(word);
  });
}

/** What a process is told ends at the first U+0000. */
function checked(text: string): string {
  if (text.includes('\0')) throw invalidImage('the configuration of the image contains the character U+0000');
  return text;
}

function parseEnv(entries: readonly string[]): ImageLaunch['env'] {
  return Object.fromEntries(
    entries
      .map((entry): [string, string] => {
        const equals = entry.indexOf('=');
        return equals < 0 ? [entry, ''] : [entry.slice(0, equals), entry.slice(equals + 1)];
      })
      .filter(([name]) => name !== ''),
  );
}
