import {
  type AwsError,
  acceptedRuntimeSet,
  awsError,
  type CodeRef,
  type FunctionVersion,
  limits,
  notImplemented,
  runtimeStanding,
} from '../model/index.ts';
import { checkArchitecture, machineArchitecture } from './architecture.ts';
import { type StoredCode } from './code/code-store.ts';
import { ZipRejected } from './code/zip-plan.ts';
import { readCodeUsage } from './code-usage-store.ts';
import type { Reader } from './functions-store.ts';
import { findImage } from './image-settings.ts';
import type { FunctionsParts } from './parts.ts';
import type { FunctionKey } from './settings.ts';

/** Code as it is handed in. */
export type CodeSource =
  | { readonly kind: 'zip'; readonly bytes: Uint8Array }
  /** The address of a container image; `trusted` unless a function asks. */
  | { readonly kind: 'image'; readonly uri: string; readonly trusted: boolean }
  /** An absolute path of the host; `trusted` unless a function or the session of a role asks. */
  | { readonly kind: 'hot-reload'; readonly hostPath: string; readonly trusted: boolean };

/**
 * Makes the code ready to be referred to and calls `use`, which writes the reference. Rejects in AWS's words where the zip is
 * not acceptable, and then nothing was stored.
 */
export async function withCode<T>(
  parts: FunctionsParts,
  source: CodeSource,
  use: (code: CodeRef) => Promise<T>,
): Promise<T> {
  if (source.kind === 'hot-reload') {
    return use({ kind: 'hot-reload', hostPath: parts.liveFolders.admit(source) });
  }
  if (source.kind === 'image') return use(await findImage(parts.images, source));
  return keepZip(parts, source.bytes, (stored) =>
    use({ kind: 'archive', sha256Hex: stored.sha256Hex, sizeBytes: stored.zippedBytes }),
  );
}

/** Stores a zip for the length of `use`, with AWS's text where it is refused. */
export async function keepZip<T>(
  parts: FunctionsParts,
  bytes: Uint8Array,
  use: (stored: StoredCode) => Promise<T>,
): Promise<T> {
  try {
    return await parts.code.keep(bytes, use);
  } catch (error) {
    // What was stored for a change that was then refused is nobody's.
    parts.collector.schedule();
    if (!(error instanceof ZipRejected)) throw error;
    parts.log.info({ reason: error.message }, 'refused a zip');
    throw zipError(error);
  }
}

/** A published version never changes; a live folder does. */
export function refuseLivePublish(code: { readonly kind: CodeSource['kind'] | CodeRef['kind'] }): void {
  if (code.kind !== 'hot-reload') return;
  throw awsError(
    'InvalidParameterValueException',
    'A function that runs from a hot-reload folder cannot be published, since its code changes: deploy a zip first.',
  );
}

/** Hashes of everything that a version has on disk. */
export function codeHashes(version: Pick<FunctionVersion, 'code' | 'layers'>): readonly string[] {
  const layers = version.layers.map((layer) => layer.sha256Hex);
  return version.code.kind === 'archive' ? [version.code.sha256Hex, ...layers] : layers;
}

/** Refuses code or layers that are compiled for another architecture than can run here. */
export async function checkPrograms(
  parts: FunctionsParts,
  version: Pick<FunctionVersion, 'architecture' | 'runtime' | 'code' | 'layers'>,
): Promise<void> {
  const { architecture, runtime, code, layers } = version;
  if (architecture === machineArchitecture) return;
  if (code.kind === 'image') {
    throw notImplemented(
      `container images for ${architecture}`,
      undefined,
      `This machine is ${machineArchitecture}.`,
    );
  }
  await checkArchitecture({
    architecture,
    runtime,
    task: code.kind === 'archive' ? parts.code.root(code.sha256Hex) : code.hostPath,
    layers: layers.map(({ sha256Hex }) => parts.code.root(sha256Hex)),
    emulatorsFolder: parts.emulatorsFolder,
  });
}

/** The ARN of the runtime's version, for a runtime that AWS accepts and this machine has; images have none. */
export async function runtimeVersionArn(
  parts: FunctionsParts,
  key: FunctionKey,
  runtime: string,
): Promise<string> {
  if (runtime === '') return '';
  checkIdentifier(runtime);
  const known = await parts.runtimes.describe(runtime);
  if (!known?.interpreter) {
    const how = known?.howToAdd ? ` Add it: ${known.howToAdd}` : '';
    throw awsError(
      'InvalidParameterValueException',
      `The runtime ${runtime} is not available on this machine.${how}`,
    );
  }
  return `arn:aws:lambda:${key.region}::runtime:${known.versionArnHash}`;
}

function checkIdentifier(runtime: string): void {
  const standing = runtimeStanding(runtime);
  if (standing === 'accepted') return;
  throw awsError(
    'InvalidParameterValueException',
    standing === 'retired'
      ? `The runtime parameter of ${runtime} is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions.`
      : `Value ${runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: ${acceptedRuntimeSet()} or be a valid ARN`,
  );
}

/** Refuses what would bring the account over its storage in this region. */
export async function checkStorage(
  parts: FunctionsParts,
  reader: Reader,
  addition: { readonly key: FunctionKey; readonly bytes: number },
): Promise<void> {
  const { totalCodeBytes } = await readCodeUsage(reader, addition.key);
  if (totalCodeBytes + addition.bytes > parts.totalCodeBytes) {
    throw awsError('CodeStorageExceededException', 'Code storage limit exceeded.');
  }
}

export function codeBytes(code: CodeRef): number {
  return code.kind === 'archive' ? code.sizeBytes : 0;
}

function zipError(error: ZipRejected): AwsError {
  const text = {
    unreadable: 'Could not unzip uploaded file. Please check your file, then try to upload again.',
    empty: 'Uploaded file must be a non-empty zip',
    'too-large': `Unzipped size must be smaller than ${limits.unzippedCodeBytes} bytes`,
  };
  return awsError('InvalidParameterValueException', text[error.refusal], { cause: error });
}
