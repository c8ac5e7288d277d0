/** A request as the wire has it: nothing decoded but the header names, which are in lower case. */
export interface WireRequest {
  readonly method: string;
  /** Raw path, percent-encoding kept. */
  readonly path: string;
  /** Raw query string without its question mark. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}
