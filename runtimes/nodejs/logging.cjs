'use strict';

const { writeSync } = require('node:fs');
const { format } = require('node:util');
const { asError, toLogText } = require('./errors.cjs');

const TEXT_FRAME = 0xa55a0003;
const JSON_FRAME = 0xa55a0002;
const FRAME_HEADER_BYTES = 16;
const RETRY_MS = 1;

const levels = [
  { name: 'TRACE', method: 'trace', mask: 0x04 },
  { name: 'DEBUG', method: 'debug', mask: 0x08 },
  { name: 'INFO', method: 'info', mask: 0x0c },
  { name: 'WARN', method: 'warn', mask: 0x10 },
  { name: 'ERROR', method: 'error', mask: 0x14 },
  { name: 'FATAL', method: 'fatal', mask: 0x18 },
];

/** Of the invocation that runs now; what every line carries. */
const current = { requestId: undefined, tenantId: undefined };

/** Writes everything before it returns, so that no line is lost when the process dies or is frozen next. */
function writeFully(descriptor, bytes) {
  let offset = 0;
  while (offset < bytes.length) {
    try {
      offset += writeSync(descriptor, bytes, offset);
    } catch (error) {
      if (error.code !== 'EAGAIN') return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }
}

/** One frame of the log channel: type, length, time in µs, message. A message stays one event, however many lines. */
function writeFrame(descriptor, frameType, timeMs, message) {
  const length = Buffer.byteLength(message);
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + length);
  frame.writeUInt32BE(frameType >>> 0, 0);
  frame.writeUInt32BE(length, 4);
  frame.writeBigUInt64BE(BigInt(timeMs) * 1000n, 8);
  frame.write(message, FRAME_HEADER_BYTES);
  writeFully(descriptor, frame);
}

function describeErrors(_key, value) {
  if (!(value instanceof Error)) return value;
  return { ...errorMembers(value), ...value };
}

function errorMembers(error) {
  return {
    errorType: error.constructor?.name ?? 'UnknownError',
    errorMessage: error.message,
    stackTrace: typeof error.stack === 'string' ? error.stack.split('\n') : [],
  };
}

function jsonLine(isoTime, level, args) {
  const line = { timestamp: isoTime, level: level.name, requestId: current.requestId };
  if (current.tenantId) line.tenantId = current.tenantId;
  if (args.length > 1) {
    line.message = format(...args);
    const error = args.find((arg) => arg instanceof Error);
    return JSON.stringify(error ? Object.assign(line, errorMembers(error)) : line);
  }
  try {
    return JSON.stringify({ ...line, message: args[0] }, describeErrors);
  } catch {
    return JSON.stringify({ ...line, message: format(args[0]) });
  }
}

function textLine(isoTime, level, args) {
  return `${isoTime}\t${current.requestId}\t${level.name}\t${format(...args)}`;
}

/** Where lines go: framed to the platform's descriptor, or to standard output with newlines kept inside as `\r`. */
function lineWriter(descriptor, json) {
  if (descriptor === undefined) {
    return (level, args) => {
      const line = (json ? jsonLine : textLine)(new Date().toISOString(), level, args);
      process.stdout.write(`${line.replace(/\n/g, '\r')}\n`);
    };
  }
  const frameType = json ? JSON_FRAME : TEXT_FRAME;
  return (level, args) => {
    const now = new Date();
    const line = json
      ? jsonLine(now.toISOString(), level, args)
      : `${textLine(now.toISOString(), level, args)}\n`;
    writeFrame(descriptor, frameType | level.mask, now.getTime(), line);
  };
}

function patchConsole(write, lowest) {
  for (const [rank, level] of levels.entries()) {
    console[level.method] = rank < lowest ? () => {} : (...args) => write(level, args);
  }
  console.log = console.info;
}

/**
 * Makes `console` write Lambda's log lines. Takes the settings out of the environment where AWS does.
 * Returns how the runtime itself reports an error.
 */
function startLogging(env, requestIdDuringInit) {
  current.requestId = requestIdDuringInit;
  const json = env.AWS_LAMBDA_LOG_FORMAT?.toUpperCase() === 'JSON';
  const lowest = levels.findIndex((level) => level.name === env.AWS_LAMBDA_LOG_LEVEL?.toUpperCase());
  const descriptor = Number.parseInt(env._LAMBDA_TELEMETRY_LOG_FD, 10);
  delete env._LAMBDA_TELEMETRY_LOG_FD;
  patchConsole(lineWriter(Number.isNaN(descriptor) ? undefined : descriptor, json), Math.max(0, lowest));
  return json
    ? (_what, error) => console.error(asError(error))
    : (what, error) => console.error(what, toLogText(asError(error)));
}

module.exports = { current, startLogging };
