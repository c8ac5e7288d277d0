import { ImageError, type Images, PullInterrupted } from '../images/index.ts';
import {
  type AwsError,
  awsError,
  type CodeRef,
  type ImageCode,
  type ImageConfig,
  limits,
  notImplemented,
  type StateReason,
} from '../model/index.ts';

/** Replaces the settings as a whole; with no members they go. Throws `InvalidParameterValueException`. */
export function changeImageConfig<Current extends { readonly imageConfig?: ImageConfig }>(
  current: Current,
  change: ImageConfig | undefined,
): Current {
  if (change === undefined) return current;
  const { imageConfig: _, ...rest } = current;
  // The type without an optional member is still the type.
  if (Object.keys(change).length === 0) return rest as Current;
  const text = JSON.stringify(change);
  if (Buffer.byteLength(text) > limits.imageConfigBytes) {
    throw invalid(`ImageConfig must be smaller than ${limits.imageConfigBytes} bytes`);
  }
  if (text.includes('\\u0000')) throw invalid('ImageConfig contains the character U+0000.');
  return { ...current, imageConfig: change };
}

/** A version, or what is to become one. */
interface Shape {
  readonly code: { readonly kind: CodeRef['kind'] | 'zip' };
}

/** Code of the other package type. */
export function checkPackageType({ code }: Shape, kind: 'image' | 'zip' | 'hot-reload'): void {
  const [isImage, becomesImage] = [code.kind === 'image', kind === 'image'];
  if (isImage && !becomesImage) {
    throw invalid('Please provide ImageUri when updating a function with packageType Image.');
  }
  if (!isImage && becomesImage) {
    throw invalid("Please don't provide ImageUri when updating a function with packageType Zip.");
  }
}

interface NamedSettings {
  readonly runtime?: string;
  readonly handler?: string;
  readonly imageConfig?: ImageConfig;
}

/** Settings that the package type has not. */
export function checkSettings(
  { code }: Shape,
  named: NamedSettings,
  layerArns: readonly string[] = [],
): void {
  if (code.kind !== 'image') {
    if (named.imageConfig === undefined || Object.keys(named.imageConfig).length === 0) return;
    throw invalid("Please don't provide ImageConfig when the intended function PackageType is Zip.");
  }
  if (!named.runtime && !named.handler && layerArns.length === 0) return;
  throw invalid(
    "Please don't provide Handler or Runtime or Layer when the intended function PackageType is Image.",
  );
}

/** Finds the image that a caller names. Rejects in AWS's words; with 501 where the sandbox cannot run images. */
export async function findImage(
  images: Images | undefined,
  { uri, trusted }: { readonly uri: string; readonly trusted: boolean },
): Promise<ImageCode> {
  if (!images) throw noImages();
  try {
    return await images.resolve(uri, { trusted });
  } catch (error) {
    throw error instanceof ImageError ? sourceError(uri, error) : error;
  }
}

/** Container images need a root file system of their own, which plain processes have not. */
export function noImages(): AwsError {
  return notImplemented(
    'CreateFunction',
    'PackageType Image',
    "The process sandbox cannot run container images: start Hearth as root with runc installed ('hearth doctor' says what is missing).",
  );
}

function sourceError(uri: string, error: ImageError): AwsError {
  const detail = error.message;
  const options = { cause: error };
  switch (error.fault) {
    case 'ImageDeleted':
      return invalid(`Source image ${uri} does not exist. Provide a valid source image.`, options);
    case 'ImageAccessDenied':
      return awsError(
        'AccessDeniedException',
        `Lambda does not have permission to access the ECR image. Check the ECR permissions. (${detail})`,
        options,
      );
    case 'InvalidImage':
      return invalid(`Source image ${uri} is not valid. Provide a valid source image. (${detail})`, options);
    case 'Unreachable':
      return invalid(`Source image ${uri} could not be read. (${detail})`, options);
  }
}

/** Pulls the image of a version; one that was made under another sandbox waits for that to come back. */
export async function ensureImage(images: Images | undefined, code: ImageCode): Promise<void> {
  if (!images) throw new PullInterrupted();
  await images.ensure(code);
}

/** Why the image of a version did not become ready; an image that was not asked for in full is asked for again. */
export function imageReason(error: unknown): StateReason | undefined {
  if (error instanceof PullInterrupted) throw error;
  if (!(error instanceof ImageError)) return undefined;
  const reasonCode = error.fault === 'Unreachable' ? 'InternalError' : error.fault;
  return { reason: error.message, reasonCode };
}

function invalid(message: string, options?: { readonly cause: unknown }): AwsError {
  return awsError('InvalidParameterValueException', message, options);
}
