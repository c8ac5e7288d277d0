import type { WireResponse } from '../../aws-protocol/index.ts';
import type { InvocationOutcome } from '../../invoke/index.ts';
import { asBuffer, outcomeFields } from '../invoke/invoke-handler.ts';

/** What goes with every answer. */
export interface AnswerFrame {
  /** As HTTP writes it. */
  readonly date: string;
  /** The connection ends with this answer. */
  readonly last: boolean;
  /** How long an idle connection is kept, in whole seconds. */
  readonly keepAliveSeconds: number;
}

/** A whole answer as one string of bytes (latin1), so that it leaves in one `write`. */
export function outcomeAnswer(outcome: InvocationOutcome, requestId: string, frame: AnswerFrame): string {
  const fields = outcomeFields(outcome, requestId);
  let head = 'HTTP/1.1 200 OK\r\n';
  for (let at = 0; at < fields.length; at += 2) head += `${fields[at]}: ${fields[at + 1]}\r\n`;
  return head + tailFields(frame) + asBuffer(outcome.payload).toString('latin1');
}

export function errorAnswer({ status, headers, body }: WireResponse, frame: AnswerFrame): string {
  const bytes = Buffer.from(body);
  let head = `HTTP/1.1 ${status} ${reasonOf(status)}\r\n`;
  for (const [name, value] of Object.entries(headers)) head += `${name}: ${value}\r\n`;
  return `${head}Content-Length: ${bytes.length}\r\n${tailFields(frame)}${bytes.toString('latin1')}`;
}

/** The same fields as `node:http` adds to the answers that it writes. */
function tailFields({ date, last, keepAliveSeconds }: AnswerFrame): string {
  const connection = last ? 'close\r\n' : `keep-alive\r\nKeep-Alive: timeout=${keepAliveSeconds}\r\n`;
  return `Date: ${date}\r\nConnection: ${connection}\r\n`;
}

function reasonOf(status: number): string {
  return process.getBuiltinModule('node:http').STATUS_CODES[status] ?? 'Error';
}
