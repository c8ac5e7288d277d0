import { crc32 } from 'node:zlib';

/** One event of an `application/vnd.amazon.eventstream` body. */
export interface EventMessage {
  /** The member of the event stream's union, such as `PayloadChunk`. */
  readonly eventType: string;
  readonly contentType: string;
  readonly payload: Uint8Array;
}

const LENGTHS_BYTES = 8;
const PRELUDE_BYTES = 12;
const CRC_BYTES = 4;
/** The only type of header that events have: a string of up to 65,535 bytes. */
const STRING_HEADER = 7;

/**
 * One message as AWS frames it: total length, length of the headers and their CRC32; headers; payload; CRC32 of all that
 * went before. Numbers are big-endian (Smithy, "Amazon Event Stream").
 */
export function encodeEvent({ eventType, contentType, payload }: EventMessage): Buffer {
  const headers = Buffer.concat([
    stringHeader(':event-type', eventType),
    stringHeader(':content-type', contentType),
    stringHeader(':message-type', 'event'),
  ]);
  const total = PRELUDE_BYTES + headers.length + payload.length + CRC_BYTES;
  const message = Buffer.allocUnsafe(total);
  message.writeUInt32BE(total, 0);
  message.writeUInt32BE(headers.length, 4);
  message.writeUInt32BE(crc32(message.subarray(0, LENGTHS_BYTES)), LENGTHS_BYTES);
  message.set(headers, PRELUDE_BYTES);
  message.set(payload, PRELUDE_BYTES + headers.length);
  message.writeUInt32BE(crc32(message.subarray(0, total - CRC_BYTES)), total - CRC_BYTES);
  return message;
}

function stringHeader(name: string, value: string): Buffer {
  const [nameBytes, valueBytes] = [Buffer.from(name), Buffer.from(value)];
  const header = Buffer.allocUnsafe(1 + nameBytes.length + 3 + valueBytes.length);
  const at = header.writeUInt8(nameBytes.length, 0);
  header.set(nameBytes, at);
  const after = header.writeUInt8(STRING_HEADER, at + nameBytes.length);
  header.set(valueBytes, header.writeUInt16BE(valueBytes.length, after));
  return header;
}
