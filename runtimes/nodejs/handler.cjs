'use strict';

const { existsSync, readFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { runtimeError } = require('./errors.cjs');
const { obeyNodePath, obeyNodePathOnThread } = require('./module-paths.cjs');

// What "Require stack" names in AWS's own message.
const requireFromRuntime = createRequire(path.join(__dirname, 'index.mjs'));

/** `dir/file.export.nested` in parts: split at the first dot of the base name. */
function parseHandlerName(handlerName) {
  if (handlerName.includes('..')) {
    throw runtimeError(
      'MalformedHandlerName',
      `'${handlerName}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    );
  }
  const base = path.basename(handlerName);
  const parts = /^([^.]*)\.(.*)$/.exec(base);
  if (!parts) throw runtimeError('MalformedHandlerName', 'Bad handler');
  const folder = handlerName.slice(0, handlerName.indexOf(base));
  return { folder, file: parts[1], exportPath: parts[2].split('.') };
}

function requireIfExists(file) {
  return existsSync(file) ? requireFromRuntime(file) : undefined;
}

function importIfExists(file) {
  if (!existsSync(file)) return undefined;
  obeyNodePathOnThread(process.env.NODE_PATH);
  return import(pathToFileURL(file).href);
}

/** Whether `.js` files of this folder are ES modules: the nearest package.json decides, up to the root. */
function isModuleScope(folder) {
  if (folder.endsWith('/node_modules')) return false;
  const manifest = path.join(folder, 'package.json');
  if (existsSync(manifest)) {
    try {
      return JSON.parse(readFileSync(manifest, 'utf8'))?.type === 'module';
    } catch (error) {
      console.warn(`${manifest} cannot be read, it will be ignored for ES module detection purposes.`, error);
      return false;
    }
  }
  return folder === '/' ? false : isModuleScope(path.dirname(folder));
}

/** Node.js 22 and older: CommonJS first. */
async function loadRequireFirst(base) {
  const moduleScope = isModuleScope(path.dirname(base));
  return (
    requireIfExists(base) ||
    (!moduleScope && requireIfExists(`${base}.js`)) ||
    (moduleScope && (await importIfExists(`${base}.js`))) ||
    (await importIfExists(`${base}.mjs`)) ||
    requireIfExists(`${base}.cjs`)
  );
}

/** Node.js 24 and newer: everything by `import()`. */
async function loadImportFirst(base) {
  for (const extension of ['', '.js', '.mjs', '.cjs']) {
    const module = await importIfExists(base + extension);
    if (module) return module;
  }
  return undefined;
}

async function loadModule(taskRoot, { folder, file }, importFirst) {
  const base = path.resolve(taskRoot, folder, file);
  try {
    const loaded = await (importFirst ? loadImportFirst(base) : loadRequireFirst(base));
    if (loaded) return loaded;
    const resolved = requireFromRuntime.resolve(file, { paths: [taskRoot, path.resolve(taskRoot, folder)] });
    return requireFromRuntime(resolved);
  } catch (error) {
    if (error instanceof SyntaxError) throw syntaxError(error);
    if (error?.code === 'MODULE_NOT_FOUND') throw runtimeError('ImportModuleError', String(error));
    throw error;
  }
}

/** Keeps the stack of the original: it alone says which line is wrong. */
function syntaxError(original) {
  return Object.assign(runtimeError('UserCodeSyntaxError', String(original)), { stack: original.stack });
}

function member(object, exportPath) {
  return exportPath.reduce((nested, key) => nested?.[key], object);
}

const callbackRefusal =
  'ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify this function to use a supported handler signature to use Node.js 24 or later. For more information see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.';

const callbackWarning =
  'AWS Lambda plans to remove support for callback-based function handlers starting with Node.js 24. You will need to update this function to use an async handler to use Node.js 24 or later. For more information and to provide feedback on this change, see https://github.com/aws/aws-lambda-nodejs-runtime-interface-client/issues/137. To disable this warning, set the AWS_LAMBDA_NODEJS_DISABLE_CALLBACK_WARNING environment variable.';

/** How `awslambda.streamifyResponse` marks a handler; libraries that wrap handlers know it too. */
const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');

function isStreaming(handler) {
  return handler[STREAMING] !== undefined;
}

function checkSignature(handler, importFirst) {
  if (isStreaming(handler)) {
    if (handler[STREAMING] === 'response') return handler;
    throw runtimeError('MalformedStreamingHandler', 'Only response streaming is supported.');
  }
  if (importFirst && handler.length >= 3) throw runtimeError('CallbackHandlerDeprecated', callbackRefusal);
  const warns = handler.length === 3 && handler.constructor?.name !== 'AsyncFunction';
  if (warns && process.env.AWS_LAMBDA_NODEJS_DISABLE_CALLBACK_WARNING === undefined)
    console.warn(callbackWarning);
  return handler;
}

/** The global that AWS gives; what is behind it is loaded by those who use it. */
function defineGlobal(env) {
  if (['1', 'true'].includes(env.AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA)) return;
  globalThis.awslambda = {
    streamifyResponse: (handler, options) => require('./streaming.cjs').streamify(handler, options),
    HttpResponseStream: {
      from: (stream, prelude) => require('./streaming.cjs').withPrelude(stream, prelude),
    },
  };
}

/** Loads the user's handler; rejects with what Init reports. */
async function loadHandler(taskRoot, handlerName, importFirst) {
  defineGlobal(process.env);
  obeyNodePath(process.env.NODE_PATH);
  const parsed = parseHandlerName(handlerName);
  const module = await loadModule(taskRoot, parsed, importFirst);
  const handler =
    member(module, parsed.exportPath) || (importFirst && member(module.default, parsed.exportPath));
  if (!handler) throw runtimeError('HandlerNotFound', `${handlerName} is undefined or not exported`);
  if (typeof handler !== 'function')
    throw runtimeError('HandlerNotFound', `${handlerName} is not a function`);
  return checkSignature(handler, importFirst);
}

module.exports = { isStreaming, loadHandler, STREAMING };
