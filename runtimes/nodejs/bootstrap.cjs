'use strict';

// CommonJS on purpose: 1–2 ms faster to start than an ES module, which loads its own loader first.

const { awaitAssignment } = require('./assignment.cjs');
const { RuntimeConnection } = require('./connection.cjs');
const { ContextFactory } = require('./context.cjs');
const { loadHandler } = require('./handler.cjs');
const { startLogging } = require('./logging.cjs');
const { Runtime } = require('./runtime.cjs');

const FIRST_PROMISES_ONLY_MAJOR = 24;

/** Over the Unix socket where the platform gave one, else over TCP; the function never sees the former. */
function takeRuntimeAddress(env) {
  const path = env.HEARTH_RUNTIME_SOCKET;
  delete env.HEARTH_RUNTIME_SOCKET;
  delete env.HEARTH_OPT_DIR;
  if (path) return { path };
  const [host, port] = String(env.AWS_LAMBDA_RUNTIME_API).split(':');
  return { host, port: Number(port) };
}

/** For `hearth invoke --inspect`; nothing of it is loaded otherwise. */
async function loadUnderDebugger(env, load) {
  const { stopAtFirstLine, waitForDebugger } = require('./debugging.cjs');
  const port = env.HEARTH_DEBUG_PORT;
  delete env.HEARTH_DEBUG_PORT;
  waitForDebugger(port);
  const handler = await load();
  stopAtFirstLine(handler);
  return handler;
}

async function main(env) {
  const promisesOnly = Number.parseInt(process.versions.node, 10) >= FIRST_PROMISES_ONLY_MAJOR;
  const connection = new RuntimeConnection(takeRuntimeAddress(env));
  if (env.HEARTH_UNASSIGNED) {
    await awaitAssignment(env, connection);
    takeRuntimeAddress(env);
  }
  const logError = startLogging(env, promisesOnly ? '-' : undefined);
  const runtime = new Runtime({
    env,
    contexts: new ContextFactory(env, promisesOnly),
    logError,
    promisesOnly,
  });
  runtime.connection = connection;
  connection.onResponse = runtime.onResponse;
  process.on('uncaughtException', (error) => runtime.onUncaughtException(error));
  process.on('unhandledRejection', (reason, promise) => runtime.onUnhandledRejection(reason, promise));
  process.on('beforeExit', () => runtime.onEmptyEventLoop());
  try {
    const load = () => loadHandler(env.LAMBDA_TASK_ROOT, env._HANDLER, promisesOnly);
    runtime.start(env.HEARTH_DEBUG_PORT ? await loadUnderDebugger(env, load) : await load());
  } catch (error) {
    runtime.onUncaughtException(error);
  }
}

void main(process.env);
