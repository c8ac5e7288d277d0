/** Why an image cannot be had: the first three are AWS's own words for it (`StateReasonCode`). */
export type ImageFault = 'ImageDeleted' | 'ImageAccessDenied' | 'InvalidImage' | 'Unreachable';

/** An image that a registry does not give, or that is none. The message says what is wrong, for whoever deploys it. */
export class ImageError extends Error {
  override readonly name = 'ImageError';
  readonly fault: ImageFault;

  constructor(fault: ImageFault, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.fault = fault;
  }
}

/** The server is closing: what was being pulled is pulled again at the next start. */
export class PullInterrupted extends Error {
  override readonly name = 'PullInterrupted';
}

export function invalidImage(message: string, cause?: unknown): ImageError {
  return new ImageError('InvalidImage', message, cause === undefined ? undefined : { cause });
}
