/**
 * A place in the order of log events: by time, then by arrival. `seq` and `writer` name the chunk (each writing
 * server numbers its own chunks upwards from the time of day), `index` the event in it.
 */
export interface LogPosition {
  readonly timestampMs: number;
  readonly seq: number;
  readonly writer: number;
  readonly index: number;
}

const digits = { timestampMs: 14, seq: 18, writer: 12, index: 12 } as const;

/** 56 decimal digits, like CloudWatch's event ids; their text order is the events' order. */
export function renderPosition(position: LogPosition): string {
  return (
    padded(position.timestampMs, digits.timestampMs) +
    padded(position.seq, digits.seq) +
    padded(position.writer, digits.writer) +
    padded(position.index, digits.index)
  );
}

/** The inverse; undefined for what `renderPosition` never makes. */
export function parsePosition(text: string): LogPosition | undefined {
  if (!/^\d{56}$/.test(text)) return undefined;
  const seqAt = digits.timestampMs;
  const writerAt = seqAt + digits.seq;
  const indexAt = writerAt + digits.writer;
  const position = {
    timestampMs: Number(text.slice(0, seqAt)),
    seq: Number(text.slice(seqAt, writerAt)),
    writer: Number(text.slice(writerAt, indexAt)),
    index: Number(text.slice(indexAt)),
  };
  return Number.isSafeInteger(position.seq) ? position : undefined;
}

/** Negative, zero or positive, as for sorting. */
export function comparePositions(a: LogPosition, b: LogPosition): number {
  return a.timestampMs - b.timestampMs || a.seq - b.seq || a.writer - b.writer || a.index - b.index;
}

/** Before every event of `timestampMs` and later. */
export function positionAt(timestampMs: number): LogPosition {
  return { timestampMs, seq: 0, writer: 0, index: 0 };
}

/** Directly behind `position`. */
export function positionAfter(position: LogPosition): LogPosition {
  return { ...position, index: position.index + 1 };
}

function padded(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
