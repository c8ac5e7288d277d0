/** What the runtime says of a streamed response before its first byte. */
export interface StreamHead {
  readonly contentType?: string;
}

/** Whom a streamed response is passed on to while the runtime still writes it. */
export interface ResponseReader {
  /** Called once, first. `resume` tells, in a later turn, that there is room again after `write` said there is none. */
  open(head: StreamHead, resume: () => void): void;
  /** Takes the bytes in any case. False: the runtime is to wait until `resume`. */
  write(bytes: Buffer): boolean;
  /** Nothing more comes: the response is complete, or never will be. */
  close(): void;
}
