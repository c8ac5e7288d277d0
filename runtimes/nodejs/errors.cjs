'use strict';

const { types } = require('node:util');

const XRAY_CAUSE_LIMIT_BYTES = 32_768;

/** The `Runtime.*` error types, which the caller sees as `errorType`. */
function runtimeError(kind, message) {
  const error = new Error(message);
  error.name = `Runtime.${kind}`;
  // The class name is what JSON logging prints as errorType.
  Object.defineProperty(error, 'constructor', { value: { name: kind }, enumerable: false });
  error.stack = String(error.stack).replace(/^Error/, error.name);
  return error;
}

function looksLikeError(value) {
  return (
    types.isNativeError(value) ||
    (typeof value?.name === 'string' && typeof value.message === 'string' && typeof value.stack === 'string')
  );
}

/** A stack down to where the runtime called the function; what lies below says nothing about the function. */
function stackLines(stack) {
  const lines = stack.split('\n');
  const entry = lines.findIndex((line) => line.startsWith('    at ') && line.includes(__dirname));
  return entry < 0 ? lines : lines.slice(0, entry + 1);
}

function escapeDelete(text) {
  return String(text).replaceAll('\x7F', '%7F');
}

/** What the caller gets for a value that was thrown, rejected or passed to the callback. */
function toPayload(error) {
  try {
    if (!looksLikeError(error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
    return {
      errorType: escapeDelete(error.name),
      errorMessage: escapeDelete(error.message),
      trace: stackLines(escapeDelete(error.stack ?? '')),
    };
  } catch {
    return {
      errorType: 'handled',
      errorMessage:
        'callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack',
      trace: [],
    };
  }
}

function withHiddenMembers(_key, value) {
  if (!(value instanceof Error)) return value;
  const shown = { errorType: value.name, errorMessage: value.message, code: value.code, ...value };
  if (typeof value.stack === 'string') shown.stack = stackLines(value.stack);
  return shown;
}

/** An error as the text log prints it: a tab, then JSON that shows the members that an `Error` hides. */
function toLogText(error) {
  try {
    return `\t${JSON.stringify(error, withHiddenMembers)}`;
  } catch {
    return `\t${JSON.stringify(toPayload(error))}`;
  }
}

function asError(value) {
  return value instanceof Error ? value : new Error(String(value));
}

/** X-Ray's view of an error, for the `Lambda-Runtime-Function-XRay-Error-Cause` header. */
function toXRayCause(error) {
  if (!looksLikeError(error)) return undefined;
  const stack = [];
  const paths = new Set();
  for (const line of stackLines(String(error.stack)).slice(1)) {
    const frame = /^\s*at (?:(.*?) \()?(.*?):(\d+):\d+\)?$/.exec(line);
    if (!frame) continue;
    stack.push({ path: frame[2], line: Number(frame[3]), label: frame[1] ?? 'anonymous' });
    paths.add(frame[2]);
  }
  return {
    working_directory: process.cwd(),
    exceptions: [{ type: error.name, message: error.message, stack }],
    paths: [...paths],
  };
}

/** A header is one line of visible ASCII: what the function says must not end it. */
function headerText(text) {
  return String(text).replace(/[^\x20-\x7e]/g, '?');
}

function errorHeaders(payload, error) {
  const type = `Lambda-Runtime-Function-Error-Type: ${headerText(payload.errorType).slice(0, 256)}\r\n`;
  const cause = toXRayCause(error);
  if (cause === undefined) return type;
  const text = JSON.stringify(cause).replace(
    /[\x7f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  if (text.length > XRAY_CAUSE_LIMIT_BYTES) return type;
  return `${type}Lambda-Runtime-Function-XRay-Error-Cause: ${text}\r\n`;
}

module.exports = { asError, errorHeaders, headerText, runtimeError, toLogText, toPayload };
