'use strict';

// Loaded only by functions that stream their response.

const { Writable } = require('node:stream');
const { headerText, runtimeError } = require('./errors.cjs');
const { STREAMING } = require('./handler.cjs');
const { Invocation, isThenable, nodeJsExit } = require('./runtime.cjs');

const HIGH_WATER_MARK = Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark');

const HTTP_RESPONSE = 'application/vnd.awslambda.http-integration-response';
const END_OF_PRELUDE = new Uint8Array(8);

const STREAM_HEADERS =
  'Lambda-Runtime-Function-Response-Mode: streaming\r\n' +
  'Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n';

/** The server takes trailers of 64 KiB; in base64 a body of this size leaves room for the type. */
const ERROR_BODY_LIMIT_BYTES = 45_000;

/** `awslambda.streamifyResponse` */
function streamify(handler, options) {
  handler[STREAMING] = 'response';
  if (typeof options?.highWaterMark === 'number')
    handler[HIGH_WATER_MARK] = Math.trunc(options.highWaterMark);
  return handler;
}

/** `awslambda.HttpResponseStream.from`: what comes before the body says status, headers and cookies. */
function withPrelude(stream, prelude) {
  stream.setContentType(HTTP_RESPONSE);
  stream._onBeforeFirstWrite = (write) => {
    write(JSON.stringify(prelude ?? {}));
    write(END_OF_PRELUDE);
  };
  return stream;
}

function toBytes(chunk) {
  return typeof chunk === 'string' || chunk instanceof Uint8Array ? chunk : JSON.stringify(chunk);
}

/** An error in the trailers; without its trace where that makes it too long. */
function errorTrailers(payload) {
  const bytes = [payload, { ...payload, trace: [] }, { errorType: payload.errorType }]
    .map((shown) => Buffer.from(JSON.stringify(shown)))
    .find((shown) => shown.length <= ERROR_BODY_LIMIT_BYTES);
  const type = headerText(payload.errorType).slice(0, 256);
  const body = bytes === undefined ? '' : bytes.toString('base64');
  return `Lambda-Runtime-Function-Error-Type: ${type}\r\nLambda-Runtime-Function-Error-Body: ${body}\r\n`;
}

/** What a streaming handler writes to. The response begins with the first write, so that an error before it is a plain one. */
class ResponseStream extends Writable {
  #connection;
  #invocation;
  #contentType = 'application/octet-stream';
  #trailers = '';
  #thenNext = false;
  begun = false;

  constructor(connection, invocation, highWaterMark) {
    super(highWaterMark === undefined ? {} : { highWaterMark });
    this.#connection = connection;
    this.#invocation = invocation;
  }

  setContentType(contentType) {
    if (this.begun) throw runtimeError('InvalidStreamingOperation', 'Cannot set content-type, too late.');
    this.#contentType = contentType;
  }

  /** Objects go out as JSON. */
  write(chunk, encoding, callback) {
    return super.write(toBytes(chunk), encoding, callback);
  }

  end(chunk, encoding, callback) {
    const isChunk = chunk !== undefined && chunk !== null && typeof chunk !== 'function';
    return super.end(isChunk ? toBytes(chunk) : chunk, encoding, callback);
  }

  _write(chunk, _encoding, callback) {
    this.#begin();
    this.#connection.streamChunk(chunk, callback);
  }

  _writev(chunks, callback) {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), undefined, callback);
  }

  _final(callback) {
    this.#begin();
    this.#finish();
    callback();
  }

  /** Ends the response with an error, after what was written before. */
  breakOff(payload, { thenNext }) {
    this.#trailers = errorTrailers(payload);
    this.#thenNext = thenNext;
    // What the handler left running may write on; that is no failure any more.
    this.on('error', () => {});
    if (this.destroyed) this.#finish();
    else this.end();
  }

  #begin() {
    if (this.begun) return;
    this.begun = true;
    this.#connection.beginStream(
      this.#invocation.requestId,
      `Content-Type: ${headerText(this.#contentType)}\r\n${STREAM_HEADERS}${this.#invocation.attemptHeader}`,
    );
    this._onBeforeFirstWrite?.((chunk) => this.#connection.streamChunk(Buffer.from(toBytes(chunk))));
  }

  #finish() {
    this.#connection.endStream(this.#trailers, this.#thenNext);
  }
}

/**
 * An invocation whose handler writes its response. Over when the handler's promise is fulfilled and the stream is finished,
 * and, unless the handler says otherwise, nothing is left to run.
 */
class StreamedInvocation extends Invocation {
  constructor(runtime, headers, handler) {
    super(runtime, headers);
    this.stream = new ResponseStream(runtime.connection, this, handler[HIGH_WATER_MARK]);
    this.onEmptyEventLoop = () => this.fail(nodeJsExit());
  }

  /** The whole response has been sent. */
  get answered() {
    return this.stream.writableFinished;
  }

  contextMembers() {
    const invocation = this;
    return {
      get callbackWaitsForEmptyEventLoop() {
        return invocation.waitsForEmptyEventLoop;
      },
      set callbackWaitsForEmptyEventLoop(value) {
        invocation.waitsForEmptyEventLoop = value;
      },
    };
  }

  follow(returned) {
    if (!isThenable(returned)) {
      this.fail(new Error('Streaming does not support non-async handlers.'));
      return;
    }
    returned.then(
      (result) => this.#returned(result),
      (error) => this.fail(error),
    );
  }

  /** The stream may still be written to, by a pipe for one. */
  #returned(result) {
    if (this.decided) return;
    if (result !== undefined) console.warn('Streaming handlers ignore return values.');
    const unfinished = () => this.fail(new Error('Response stream is not finished.'));
    this.onEmptyEventLoop = unfinished;
    if (this.answered) this.#over();
    else if (this.stream.destroyed) unfinished();
    else this.stream.once('finish', () => this.#over()).once('close', unfinished);
  }

  #over() {
    if (this.decided) return;
    this.decided = true;
    this.onEmptyEventLoop = () => this.runtime.nextAfter(this);
    if (this.waitsForEmptyEventLoop) this.runtime.connection.release();
    else this.runtime.nextAfter(this);
  }
}

module.exports = { StreamedInvocation, streamify, withPrelude };
