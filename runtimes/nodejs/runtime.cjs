'use strict';

const { errorHeaders, runtimeError, toPayload } = require('./errors.cjs');
const { isStreaming } = require('./handler.cjs');
const { current } = require('./logging.cjs');

const UNCAUGHT_EXIT_CODE = 129;
const REJECTION_EXIT_CODE = 128;

const nodeJsExitMessage =
  'The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise that was never settled. For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes';

function nodeJsExit() {
  return runtimeError('NodeJsExit', nodeJsExitMessage);
}

function isThenable(value) {
  return typeof value?.then === 'function';
}

/** One invocation: settles once, by whichever of promise, callback or empty event loop comes first. */
class Invocation {
  constructor(runtime, headers) {
    this.runtime = runtime;
    this.requestId = headers['lambda-runtime-aws-request-id'];
    this.attemptId = headers['lambda-runtime-invocation-id'];
    /** The first of callback, promise and `context.done` has spoken. */
    this.decided = false;
    /** The answer has been sent. */
    this.finished = false;
    this.waitsForEmptyEventLoop = true;
    /** What to do once nothing is left to run. */
    this.onEmptyEventLoop = undefined;
  }

  succeed(result) {
    if (this.decided) return;
    this.decided = true;
    this.runtime.scheduleResponse(this, result);
  }

  fail(error) {
    if (this.decided) return;
    this.decided = true;
    this.runtime.scheduleError(this, error);
  }

  /** The Node.js callback of handlers up to version 22. */
  callback(error, result) {
    if (this.decided) return;
    if (error !== undefined && error !== null) {
      this.fail(error);
    } else if (this.waitsForEmptyEventLoop) {
      this.decided = true;
      this.onEmptyEventLoop = () => this.runtime.scheduleResponse(this, result);
    } else {
      this.succeed(result);
    }
  }

  /** `context.done`, `succeed`, `fail` and the flag, as own members that AWS's `context` starts with. */
  callbackMembers() {
    const invocation = this;
    const done = (error, result) => {
      if (error !== undefined && error !== null) invocation.fail(error);
      else invocation.succeed(result);
    };
    return {
      get callbackWaitsForEmptyEventLoop() {
        return invocation.waitsForEmptyEventLoop;
      },
      set callbackWaitsForEmptyEventLoop(value) {
        invocation.waitsForEmptyEventLoop = value;
      },
      succeed: (result) => done(null, result),
      fail: (error) => done(error ?? 'handled'),
      done,
    };
  }

  get attemptHeader() {
    return this.attemptId === undefined ? '' : `Lambda-Runtime-Invocation-Id: ${this.attemptId}\r\n`;
  }
}

/** Runs the handler for each event, one at a time, and reports how each ended. */
class Runtime {
  #handler = undefined;
  #handlerIsAsync = false;
  /** `StreamedInvocation` where the handler writes its response to a stream. */
  #streamed = undefined;
  #invocation = undefined;
  #awaitsExit = undefined;

  constructor({ env, contexts, logError, promisesOnly }) {
    this.env = env;
    this.contexts = contexts;
    this.logError = logError;
    this.promisesOnly = promisesOnly;
    this.connection = undefined;
    this.onResponse = (headers, bytes, start, end) => this.#receive(headers, bytes, start, end);
  }

  start(handler) {
    // One turn later: a rejection that the code left unhandled while it was loaded is still an Init error.
    setImmediate(() => {
      if (this.#awaitsExit !== undefined) return;
      this.#handler = handler;
      this.#handlerIsAsync = handler.constructor?.name === 'AsyncFunction';
      if (isStreaming(handler)) this.#streamed = require('./streaming.cjs').StreamedInvocation;
      this.connection.next();
    });
  }

  #receive(headers, bytes, start, end) {
    if (this.#awaitsExit !== undefined) process.exit(this.#awaitsExit);
    if (headers['lambda-runtime-aws-request-id'] !== undefined) {
      this.#invoke(headers, bytes.utf8Slice(start, end));
    } else if (headers.status >= 500) {
      process.exit(1);
    }
  }

  #invoke(headers, eventText) {
    const invocation = this.#streamed
      ? new this.#streamed(this, headers, this.#handler)
      : new Invocation(this, headers);
    this.#invocation = invocation;
    this.connection.release();
    current.requestId = invocation.requestId;
    current.tenantId = headers['lambda-runtime-aws-tenant-id'];
    this.#passTraceId(headers['lambda-runtime-trace-id']);
    try {
      if (this.#streamed) this.#stream(invocation, headers, JSON.parse(eventText));
      else this.#watch(invocation, this.#callHandler(invocation, headers, JSON.parse(eventText)));
    } catch (error) {
      invocation.fail(error);
    }
  }

  #callHandler(invocation, headers, event) {
    const handler = this.#handler;
    if (this.promisesOnly) return handler(event, this.contexts.create(headers));
    const context = this.contexts.create(headers, invocation.callbackMembers());
    return handler(event, context, (error, result) => invocation.callback(error, result));
  }

  #stream(invocation, headers, event) {
    const context = this.contexts.createStreaming(headers, invocation.contextMembers());
    invocation.follow(this.#handler(event, invocation.stream, context));
  }

  /** Asks for the next event once a streamed response is complete. */
  nextAfter(invocation) {
    if (invocation.finished) return;
    invocation.finished = true;
    this.connection.next();
  }

  /** A promise decides; so does any value from Node.js 24 on; older versions wait for the callback. */
  #watch(invocation, returned) {
    if (isThenable(returned)) {
      returned.then(
        (result) => invocation.succeed(result),
        (error) => invocation.fail(error),
      );
    } else if (this.promisesOnly) {
      invocation.succeed(returned);
    }
  }

  #passTraceId(traceId) {
    if (traceId === undefined) delete this.env._X_AMZN_TRACE_ID;
    else this.env._X_AMZN_TRACE_ID = traceId;
  }

  // One turn of the event loop later, as on AWS: a rejection that nobody handles in this turn fails the invocation.
  scheduleResponse(invocation, result) {
    setImmediate(() => this.#respond(invocation, result));
  }

  scheduleError(invocation, error) {
    setImmediate(() => this.#respondError(invocation, error));
  }

  #respond(invocation, result) {
    if (invocation.finished) return;
    let body;
    try {
      body = JSON.stringify(result === undefined ? null : result) ?? 'null';
    } catch {
      this.#respondError(invocation, this.#stringifyError());
      return;
    }
    invocation.finished = true;
    this.connection.respondAndNext(invocation.requestId, invocation.attemptHeader, body);
  }

  #stringifyError() {
    const message = 'Unable to stringify response body';
    return this.promisesOnly ? runtimeError('JSONStringifyError', message) : new Error(message);
  }

  #respondError(invocation, error) {
    if (invocation.finished) return;
    invocation.finished = true;
    this.logError('Invoke Error', error);
    const payload = toPayload(error);
    if (invocation.stream?.begun) {
      this.#breakOff(invocation, payload);
      return;
    }
    invocation.stream?.destroy();
    const headers = invocation.attemptHeader + errorHeaders(payload, error);
    this.connection.failAndNext(invocation.requestId, headers, JSON.stringify(payload));
  }

  /** After the end of the response there is nobody to tell. */
  #breakOff(invocation, payload) {
    if (invocation.answered) this.connection.next();
    else invocation.stream.breakOff(payload, { thenNext: true });
  }

  /** Nothing is left to run although the invocation has not been answered. */
  onEmptyEventLoop() {
    const invocation = this.#invocation;
    if (invocation === undefined || invocation.finished || this.#awaitsExit !== undefined) return;
    if (invocation.onEmptyEventLoop !== undefined) {
      invocation.onEmptyEventLoop();
    } else if (this.#handlerIsAsync || this.promisesOnly) {
      invocation.fail(nodeJsExit());
    } else {
      invocation.succeed(null);
    }
  }

  onUncaughtException(error) {
    this.logError('Uncaught Exception', error);
    this.#reportAndExit(error, UNCAUGHT_EXIT_CODE);
  }

  onUnhandledRejection(reason, promise) {
    const error = runtimeError('UnhandledPromiseRejection', String(reason));
    Object.assign(error, { reason, promise });
    this.logError('Unhandled Promise Rejection', error);
    this.#reportAndExit(error, REJECTION_EXIT_CODE);
  }

  #reportAndExit(error, exitCode) {
    const invocation = this.#invocation;
    // Between invocations the connection waits for the next event, so there is nobody to tell.
    const told = invocation?.finished || invocation?.answered || (this.#handler && !invocation);
    if (this.#awaitsExit !== undefined || told) process.exit(exitCode);
    this.#awaitsExit = exitCode;
    const payload = toPayload(error);
    const headers = errorHeaders(payload, error);
    if (invocation?.stream?.begun) {
      invocation.finished = true;
      invocation.stream.breakOff(payload, { thenNext: false });
    } else if (invocation === undefined) {
      this.connection.failInit(headers, JSON.stringify(payload));
    } else {
      invocation.finished = true;
      this.connection.fail(invocation.requestId, invocation.attemptHeader + headers, JSON.stringify(payload));
    }
  }
}

module.exports = { Invocation, isThenable, nodeJsExit, Runtime };
