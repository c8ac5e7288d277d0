/** What one listener takes before it refuses. Sizes in bytes. */
export interface EdgeLimits {
  /** A request whose head does not arrive in this time is ended. */
  readonly headTimeoutMs: number;
  /** The same for the whole request, body included. */
  readonly requestTimeoutMs: number;
  /** An idle kept-alive connection is closed; longer than the SDKs keep theirs. */
  readonly keepAliveTimeoutMs: number;
  /** How often the three timeouts above are looked after. */
  readonly timeoutCheckMs: number;
  readonly headBytes: number;
  readonly connections: number;
  /** Out of one execution environment; more than the SDKs' own pools use. Beyond it new ones are closed. */
  readonly environmentConnections: number;
  /** Bodies that are being received, all connections together; beyond it 429. */
  readonly bufferedBodyBytes: number;
  /** The same for one execution environment: room for one upload of code, or twenty large events. */
  readonly environmentBodyBytes: number;
  /** Answers that are not read, all connections together; beyond it connections are cut. */
  readonly unreadAnswerBytes: number;
  /** The same for one execution environment. */
  readonly environmentUnreadBytes: number;
  /** An answer of which nothing is read for this long is given up. */
  readonly unreadStallMs: number;
  /** A body that is too large is read to this size, and thrown away, so that its sender gets to see the answer. */
  readonly discardedBodyBytes: number;
  /** How long `close` waits for requests that are being answered. */
  readonly drainMs: number;
}

export const edgeLimits: EdgeLimits = {
  headTimeoutMs: 20_000,
  requestTimeoutMs: 300_000,
  keepAliveTimeoutMs: 65_000,
  timeoutCheckMs: 5_000,
  headBytes: 65_536,
  connections: 10_000,
  environmentConnections: 512,
  bufferedBodyBytes: 1_073_741_824,
  environmentBodyBytes: 134_217_728,
  unreadAnswerBytes: 1_073_741_824,
  environmentUnreadBytes: 134_217_728,
  unreadStallMs: 60_000,
  discardedBodyBytes: 134_217_728,
  drainMs: 30_000,
};
