/**
 * A sandbox could not be started. `command`: what was to be run is missing or cannot be executed, which is the
 * caller's doing; `machine`: everything else.
 */
export class SandboxError extends Error {
  override readonly name = 'SandboxError';
  readonly fault: 'command' | 'machine';

  constructor(message: string, options: { readonly fault: 'command' | 'machine'; readonly cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.fault = options.fault;
  }
}
