import { errorReply, jsonReply, textReply } from '../http/index.ts';
import type { ExtensionEventName } from './extension.ts';

export const ACCEPTED = jsonReply(202, { status: 'OK' });
export const SUBSCRIBED = textReply(200, 'application/json', '"OK"');
export const NOT_FOUND = errorReply(404, 'NotFound', 'There is no such call in the Extensions API');
export const DISABLED = textReply(404, 'text/plain; charset=utf-8', '404 page not found\n');
export const METHOD = errorReply(
  405,
  'MethodNotAllowed',
  'The Extensions API does not know this method here',
);
export const MISSING_ID = refused('MissingExtensionIdentifier', 'Missing Lambda-Extension-Identifier header');
export const INVALID_ID = refused('InvalidExtensionIdentifier', 'Invalid Lambda-Extension-Identifier');
export const MISSING_ERROR_TYPE = refused('MissingHeader', 'Lambda-Extension-Function-Error-Type not found');
export const EMPTY_NAME = refused('InvalidExtensionName', 'Empty extension name');
export const CLOSED = refused('RegistrationClosed', 'Extension registration closed already');
export const NAME_TAKEN = refused('InvalidExtensionState', 'Extension with this name already registered');

/** A 403 of the Extensions API. */
export function refused(errorType: string, errorMessage: string): string {
  return errorReply(403, `Extension.${errorType}`, errorMessage);
}

/** An answer of the Extensions API with a header of its own. */
export function replyWith(header: string, body: object): string {
  const bytes = Buffer.from(JSON.stringify(body)).toString('latin1');
  return `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n${header}\r\nContent-Length: ${bytes.length}\r\n\r\n${bytes}`;
}

/** What every extension that asked for it is told of an invocation. */
export interface InvokeEvent {
  readonly requestId: string;
  readonly invokedFunctionArn: string;
  /** Milliseconds since the epoch. */
  readonly deadlineMs: number;
  readonly traceHeader: string;
}

/** Why an environment ends. */
export type ShutdownReason = 'SPINDOWN' | 'TIMEOUT' | 'FAILURE';

export function encodeInvokeEvent(eventId: string, event: InvokeEvent): string {
  return encodeEvent(eventId, 'INVOKE', {
    deadlineMs: event.deadlineMs,
    requestId: event.requestId,
    invokedFunctionArn: event.invokedFunctionArn,
    tracing: { type: 'X-Amzn-Trace-Id', value: event.traceHeader },
  });
}

export function encodeShutdownEvent(
  eventId: string,
  shutdownReason: ShutdownReason,
  deadlineMs: number,
): string {
  return encodeEvent(eventId, 'SHUTDOWN', { shutdownReason, deadlineMs });
}

function encodeEvent(eventId: string, eventType: ExtensionEventName, rest: object): string {
  return replyWith(`Lambda-Extension-Event-Identifier: ${eventId}`, { eventType, ...rest });
}
