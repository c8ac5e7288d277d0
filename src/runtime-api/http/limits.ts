/** What one HTTP connection from inside an environment may ask of the server. All sizes in bytes. */
export interface HttpLimits {
  /** Request line and headers together; also trailers. Above: 431. */
  readonly headBytes: number;
  /** Lines of the head. Above: 431. */
  readonly headers: number;
  /** A longer body is read to its end, not kept, and handed over as `oversized`. */
  readonly bodyBytes: number;
  /** A body longer than this is not even read to its end: the connection is cut. */
  readonly discardBytes: number;
}
