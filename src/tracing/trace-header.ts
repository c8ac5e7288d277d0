/** What `X-Amzn-Trace-Id` says, as far as it is to be believed. */
export interface TraceHeader {
  /** `1-` and 8, then 24 hexadecimal digits. */
  readonly root?: string;
  /** 16 hexadecimal digits: the segment of whoever calls. */
  readonly parent?: string;
  /** Absent where the caller leaves it to us. */
  readonly sampled?: boolean;
  /** `;Lineage=…`, by which chains of functions are counted; empty without. */
  readonly lineage: string;
}

const PARTS = {
  root: /(?:^|;)\s*Root=(1-[0-9a-f]{8}-[0-9a-f]{24})\s*(?:;|$)/i,
  parent: /(?:^|;)\s*Parent=([0-9a-f]{16})\s*(?:;|$)/i,
  sampled: /(?:^|;)\s*Sampled=([01])\s*(?:;|$)/i,
  lineage: /(?:^|;)\s*(Lineage=[0-9a-zA-Z:|.-]{1,512})\s*(?:;|$)/,
};

/** Reads the header that a caller sent (X-Ray developer guide, "Tracing header"). What makes no sense counts as absent. */
export function parseTraceHeader(text = ''): TraceHeader {
  const [root, parent, sampled, lineage] = [PARTS.root, PARTS.parent, PARTS.sampled, PARTS.lineage].map(
    (part) => part.exec(text)?.[1],
  );
  return {
    ...(root === undefined ? {} : { root: root.toLowerCase() }),
    ...(parent === undefined ? {} : { parent: parent.toLowerCase() }),
    ...(sampled === undefined ? {} : { sampled: sampled === '1' }),
    lineage: lineage === undefined ? '' : `;${lineage}`,
  };
}

/** The trace of an invocation: which segments it makes, and what its function is told. */
export interface InvocationTrace {
  readonly traceId: string;
  /** Of the caller's segment. */
  readonly callerId?: string | undefined;
  /** Of the segment of the service, `AWS::Lambda`. */
  readonly serviceSegmentId: string;
  /** Of the segment of the function, `AWS::Lambda::Function`, and parent of what the function's own SDK sends. */
  readonly segmentId: string;
  readonly sampled: boolean;
  /** `_X_AMZN_TRACE_ID`. */
  readonly header: string;
}

/** `digits`: 56 random hexadecimal digits, for a new root and two segments. */
export function traceOf(
  header: TraceHeader,
  { sampled, nowMs, digits }: { readonly sampled: boolean; readonly nowMs: number; readonly digits: string },
): InvocationTrace {
  const seconds = Math.floor(nowMs / 1_000)
    .toString(16)
    .padStart(8, '0');
  const traceId = header.root ?? `1-${seconds}-${digits.slice(0, 24)}`;
  const segmentId = digits.slice(40, 56);
  return {
    traceId,
    callerId: header.root === undefined ? undefined : header.parent,
    serviceSegmentId: digits.slice(24, 40),
    segmentId,
    sampled,
    header: `Root=${traceId};Parent=${segmentId};Sampled=${sampled ? 1 : 0}${header.lineage}`,
  };
}
