'use strict';

const { runtimeError } = require('./errors.cjs');

function parseJsonHeader(headers, name, label) {
  const value = headers[name];
  if (!value) return undefined;
  try {
    // Headers arrive byte by byte; their text is UTF-8.
    return JSON.parse(Buffer.from(value, 'latin1').toString('utf8'));
  } catch (error) {
    throw runtimeError('PlatformError', `Cannot parse ${label} as json: ${error}`);
  }
}

/** The `context` of an invocation, the same plain members as AWS gives, in its order for this version of Node.js. */
class ContextFactory {
  constructor(env, promisesOnly) {
    this.promisesOnly = promisesOnly;
    this.functionMembers = {
      functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
      functionName: env.AWS_LAMBDA_FUNCTION_NAME,
      memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
      logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
      logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    };
  }

  /** `callbacks` are the members of the callback style, which Node.js 24 no longer has. */
  create(headers, callbacks) {
    if (this.promisesOnly) return Object.assign(this.#invocationMembers(headers), this.functionMembers);
    return Object.assign(callbacks, this.functionMembers, this.#invocationMembers(headers));
  }

  /** The context of a handler that streams has the flag in every version, and no callbacks in any. */
  createStreaming(headers, flag) {
    return Object.assign(flag, this.functionMembers, this.#invocationMembers(headers));
  }

  #invocationMembers(headers) {
    const deadlineMs = Number(headers['lambda-runtime-deadline-ms']);
    const members = {
      clientContext: parseJsonHeader(headers, 'lambda-runtime-client-context', 'ClientContext'),
      identity: parseJsonHeader(headers, 'lambda-runtime-cognito-identity', 'CognitoIdentity'),
      invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
      awsRequestId: headers['lambda-runtime-aws-request-id'],
      tenantId: headers['lambda-runtime-aws-tenant-id'],
    };
    if (this.promisesOnly) members.xRayTraceId = headers['lambda-runtime-trace-id'];
    members.getRemainingTimeInMillis = () => deadlineMs - Date.now();
    return members;
  }
}

module.exports = { ContextFactory };
