import { realpathSync, statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import {
  type AwsError,
  awsError,
  type CodeRef,
  type FileSystemRef,
  type FunctionVersion,
  notImplemented,
  type Scope,
} from '../model/index.ts';

/** A folder of the host that the operator set for an access point. */
export interface AllowedFolder {
  readonly accessPointArn: string;
  /** Absolute. */
  readonly folder: string;
  readonly readOnly: boolean;
}

/** A folder to mount into an environment. */
export interface FileSystemMount {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

/** `FileSystemConfigs`: which folder of the host an access point of EFS or S3 Files stands for. */
export class FileSystems {
  readonly #folders: ReadonlyMap<string, AllowedFolder>;
  readonly #missing: string | undefined;

  /** `missing` is a sentence: why this server mounts none, whatever was allowed. */
  constructor(folders: readonly AllowedFolder[], missing?: string) {
    this.#folders = new Map(folders.map((each) => [each.accessPointArn, { ...each, ...realOf(each) }]));
    this.#missing = missing;
  }

  /** Real paths, in the order in which they were allowed. */
  get folders(): readonly string[] {
    return [...this.#folders.values()].map(({ folder }) => folder);
  }

  /** Throws `InvalidParameterValueException` where a function of this account and region may not have them. */
  admit(scope: Scope, refs: readonly FileSystemRef[] = [], code: CodeRef['kind'] | 'zip' = 'zip'): void {
    for (const ref of refs) {
      if (code === 'image') throw notImplemented('FileSystemConfigs for container images');
      if (this.#missing !== undefined) throw invalid(this.#missing);
      if (/^\/mnt\/\.+$/.test(ref.mountPath)) throw invalid(`${ref.mountPath} is no folder below /mnt.`);
      const [, , , region, account] = ref.arn.split(':');
      if (region !== scope.region || account !== scope.account) {
        throw invalid(`The access point ${ref.arn} is not in the account and region of the function.`);
      }
      if (!this.#folders.has(ref.arn)) throw invalid(unknownAccessPoint(ref.arn));
    }
  }

  /** What to mount for a version. Throws EFSMountFailureException where a folder is not what the operator allowed. */
  mountsOf({ fileSystems = [] }: FunctionVersion): readonly FileSystemMount[] {
    return fileSystems.map(({ arn, mountPath }) => {
      const allowed = this.#folders.get(arn);
      if (this.#missing !== undefined) throw mountFailure(arn, this.#missing);
      if (!allowed) throw mountFailure(arn, unknownAccessPoint(arn));
      if (realFolder(allowed.folder) !== allowed.folder) {
        throw mountFailure(arn, 'The folder that stands for it is gone, or a link is in its place.');
      }
      return { source: allowed.folder, target: mountPath, readOnly: allowed.readOnly };
    });
  }
}

function realOf({ accessPointArn, folder }: AllowedFolder): { readonly folder: string } {
  const real = isAbsolute(folder) ? realFolder(folder) : undefined;
  if (real !== undefined) return { folder: real };
  throw new Error(`--file-system ${accessPointArn}=${folder}: that is not the absolute path of a folder`);
}

function realFolder(path: string): string | undefined {
  try {
    const real = realpathSync(path);
    return statSync(real).isDirectory() ? real : undefined;
  } catch {
    return undefined;
  }
}

function unknownAccessPoint(arn: string): string {
  return `No folder stands for the access point ${arn}. Start Hearth with --file-system ${arn}=/absolute/folder`;
}

function invalid(message: string): AwsError {
  return awsError('InvalidParameterValueException', message);
}

/** EFS and S3 Files have an exception each, with the same status and members. */
function mountFailure(arn: string, why: string): AwsError {
  const code = arn.includes(':s3files:') ? 'S3FilesMountFailureException' : 'EFSMountFailureException';
  return awsError(code, `The function could not mount the file system of access point ${arn}. ${why}`);
}
