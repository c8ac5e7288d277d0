import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { type BootstrapOptions, BootstrapProcess, jsonOf } from '../../tests/support/bootstrap-process.ts';
import { foundNodes } from '../../tests/support/interpreters.ts';

const bootstrap = join(import.meta.dirname, '../../runtimes/nodejs/bootstrap.cjs');
const folder = mkdtempSync(join(tmpdir(), 'hearth-nodes-'));
afterAll(() => rmSync(folder, { recursive: true }));
const nodes = await foundNodes(folder);
const own = nodes.filter(({ version }) => version === process.versions.node);
const before24 = nodes.filter(({ version }) => Number.parseInt(version, 10) < 24);
const from24 = nodes.filter(({ version }) => Number.parseInt(version, 10) >= 24);

const running: BootstrapProcess[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()));
});

type Start = Partial<BootstrapOptions> & { readonly node: { readonly path: string } };

async function start({ node, ...options }: Start): Promise<BootstrapProcess> {
  const bootstrapProcess = await BootstrapProcess.start({
    command: [node.path, bootstrap],
    files: {},
    handler: 'index.handler',
    ...options,
  });
  running.push(bootstrapProcess);
  return bootstrapProcess;
}

function startSource(
  node: { readonly path: string },
  source: string,
  options: Partial<BootstrapOptions> = {},
) {
  return start({ node, files: { 'index.js': source }, ...options });
}

test('an interpreter is there to test with', () => {
  expect(own).toHaveLength(1);
});

describe.each(nodes)('$name', (node) => {
  test('answers one event after the other, keeping module state', async () => {
    const fn = await startSource(
      node,
      `let calls = 0; exports.handler = async (event) => ({ event, call: ++calls });`,
    );
    expect(await fn.result({ a: 'ü' })).toEqual({ event: { a: 'ü' }, call: 1 });
    expect(await fn.result([1, null])).toEqual({ event: [1, null], call: 2 });
    expect(fn.api.requests.filter(({ path }) => path.endsWith('/next'))).toHaveLength(3);
  });

  test('echoes the invocation id of the attempt', async () => {
    const fn = await startSource(node, `exports.handler = async () => 1;`);
    const { request } = await fn.invoke({});
    expect(request.headers['lambda-runtime-invocation-id']).toBe('attempt-1');
    expect(request.headers['content-type']).toBe('application/json');
  });

  test('undefined becomes null', async () => {
    const fn = await startSource(node, `exports.handler = async () => {};`);
    expect((await fn.invoke({})).request.body.toString()).toBe('null');
  });

  test('puts responses together that arrive in pieces', async () => {
    const fn = await startSource(node, `exports.handler = async (event) => event;`, { pieceBytes: 7 });
    expect(await fn.result({ text: 'é'.repeat(100) })).toEqual({ text: 'é'.repeat(100) });
    expect(await fn.result('next')).toBe('next');
  });

  test('carries six megabytes both ways', async () => {
    const fn = await startSource(node, `exports.handler = async (event) => event;`, { pieceBytes: 100_000 });
    const event = 'x'.repeat(6_000_000);
    expect(await fn.result(event)).toBe(event);
    expect(await fn.result(1)).toBe(1);
  });

  test('speaks TCP where there is no socket', async () => {
    const fn = await startSource(node, `exports.handler = async (event) => event;`, { overTcp: true });
    expect(await fn.result('over tcp')).toBe('over tcp');
  });

  test('shows the function neither the socket nor the log descriptor', async () => {
    const fn = await startSource(
      node,
      `const seen = Object.keys(process.env); exports.handler = async () => seen;`,
    );
    const seen = await fn.result({});
    expect(seen).toContain('AWS_LAMBDA_RUNTIME_API');
    for (const name of ['HEARTH_RUNTIME_SOCKET', 'HEARTH_OPT_DIR', '_LAMBDA_TELEMETRY_LOG_FD']) {
      expect(seen).not.toContain(name);
    }
  });

  test('passes the trace header in the environment', async () => {
    const fn = await startSource(node, `exports.handler = async () => process.env._X_AMZN_TRACE_ID;`);
    expect(await fn.result({})).toBe('Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e701;Sampled=1');
  });

  test('gives the context its members', async () => {
    const source = `exports.handler = async (event, context) => ({ ...context, left: context.getRemainingTimeInMillis() });`;
    const fn = await startSource(node, source);
    const context = await fn.result(
      {},
      {
        'Lambda-Runtime-Client-Context': '{"custom":{"k":"v"}}',
        'Lambda-Runtime-Cognito-Identity': '{"cognitoIdentityId":"i","cognitoIdentityPoolId":"p"}',
      },
    );
    expect(context).toMatchObject({
      functionName: 'hello',
      functionVersion: '$LATEST',
      memoryLimitInMB: '128',
      logGroupName: '/aws/lambda/hello',
      logStreamName: '2026/01/01/[$LATEST]0123456789abcdef0123456789abcdef',
      invokedFunctionArn: 'arn:aws:lambda:eu-west-1:000000000000:function:hello',
      awsRequestId: '8476a536-e9f4-11e8-9739-000000000001',
      clientContext: { custom: { k: 'v' } },
      identity: { cognitoIdentityId: 'i', cognitoIdentityPoolId: 'p' },
    });
    expect((context as { left: number }).left).toBeGreaterThan(0);
  });

  test('reports what the handler throws, and goes on', async () => {
    const fn = await startSource(
      node,
      `exports.handler = async (event) => { if (event.fail) throw new TypeError('no'); return 'fine'; };`,
    );
    const { kind, request } = await fn.invoke({ fail: true });
    expect(kind).toBe('error');
    expect(jsonOf(request)).toMatchObject({ errorType: 'TypeError', errorMessage: 'no' });
    expect(jsonOf(request)['trace']).toEqual(expect.arrayContaining(['TypeError: no']));
    expect(request.headers['lambda-runtime-function-error-type']).toBe('TypeError');
    expect(JSON.parse(request.headers['lambda-runtime-function-xray-error-cause'] ?? '')).toMatchObject({
      exceptions: [{ type: 'TypeError', message: 'no' }],
    });
    expect(await fn.result({})).toBe('fine');
  });

  test('a trace ends where the runtime called the function', async () => {
    const fn = await startSource(node, `exports.handler = (e) => { throw new Error('here'); };`);
    const { trace } = jsonOf((await fn.invoke({})).request) as { trace: string[] };
    expect(trace).toEqual([
      'Error: here',
      expect.stringContaining(`${fn.taskDir}/index.js:1:`),
      expect.stringContaining('runtimes/nodejs/runtime.cjs:'),
    ]);
  });

  test('an error type with a line break cannot end its header', async () => {
    const fn = await startSource(
      node,
      `exports.handler = async () => { const e = new Error('m'); e.name = 'A\\r\\nX: y'; throw e; };`,
    );
    const { request } = await fn.invoke({});
    expect(request.headers['lambda-runtime-function-error-type']).toBe('A??X: y');
    expect(request.headers['x']).toBeUndefined();
  });

  test('a thrown value that is no error is named by its type', async () => {
    const fn = await startSource(node, `exports.handler = async () => { throw 'just text'; };`);
    expect(jsonOf((await fn.invoke({})).request)).toEqual({
      errorType: 'string',
      errorMessage: 'just text',
      trace: [],
    });
  });

  test('a result that is no JSON is an error', async () => {
    const fn = await startSource(node, `exports.handler = async () => { const a = {}; a.a = a; return a; };`);
    expect(jsonOf((await fn.invoke({})).request)).toMatchObject({
      errorMessage: 'Unable to stringify response body',
    });
  });

  test('a rejection that nobody handles fails the invocation and ends the process with 128', async () => {
    const fn = await startSource(
      node,
      `exports.handler = async () => { Promise.reject(new RangeError('lost')); return 1; };`,
    );
    expect(jsonOf((await fn.invoke({})).request)).toMatchObject({
      errorType: 'Runtime.UnhandledPromiseRejection',
      errorMessage: 'RangeError: lost',
    });
    const { exitCode, frames } = await fn.ended;
    expect(exitCode).toBe(128);
    expect(frames.at(-1)?.message).toMatch(
      /\tERROR\tUnhandled Promise Rejection \t\{"errorType":"Runtime.Unhandled/,
    );
  });

  test('an uncaught exception fails the invocation and ends the process with 129', async () => {
    const source = `exports.handler = () => new Promise(() => setImmediate(() => { throw new Error('thrown aside'); }));`;
    const fn = await startSource(node, source);
    expect(jsonOf((await fn.invoke({})).request)).toMatchObject({
      errorType: 'Error',
      errorMessage: 'thrown aside',
    });
    const { exitCode, frames } = await fn.ended;
    expect(exitCode).toBe(129);
    expect(frames.at(-1)?.message).toMatch(/\tERROR\tUncaught Exception \t\{"errorType":"Error"/);
  });

  test('an async handler that never settles is an error once nothing is left to run', async () => {
    const fn = await startSource(
      node,
      `exports.handler = async (event) => { if (event.hang) await new Promise(() => {}); return 'fine'; };`,
    );
    expect(jsonOf((await fn.invoke({ hang: true })).request)).toMatchObject({
      errorType: 'Runtime.NodeJsExit',
    });
    expect(await fn.result({})).toBe('fine');
  });

  test('process.exit ends with the exit code of the function', async () => {
    const fn = await startSource(node, `exports.handler = async () => process.exit(7);`);
    void fn.invoke({});
    expect((await fn.ended).exitCode).toBe(7);
  });

  test.each([
    [
      'index.handler',
      {},
      'Runtime.ImportModuleError',
      /^Error: Cannot find module 'index'\nRequire stack:\n- /,
    ],
    [
      'index.handler',
      { 'index.js': 'this is no JavaScript' },
      'Runtime.UserCodeSyntaxError',
      /^SyntaxError: /,
    ],
    [
      'index.nothing',
      { 'index.js': '' },
      'Runtime.HandlerNotFound',
      /^index.nothing is undefined or not exported$/,
    ],
    [
      'index.value',
      { 'index.js': 'exports.value = 1' },
      'Runtime.HandlerNotFound',
      /^index.value is not a function$/,
    ],
    ['index', { 'index.js': '' }, 'Runtime.MalformedHandlerName', /^Bad handler$/],
    [
      '../index.handler',
      {},
      'Runtime.MalformedHandlerName',
      /^'..\/index.handler' is not a valid handler name\. /,
    ],
    ['index.handler', { 'index.js': `throw new RangeError('at init')` }, 'RangeError', /^at init$/],
  ])('handler %s of %j cannot start: %s', async (handler, files, errorType, message) => {
    const fn = await start({ node, handler, files: { 'other.txt': '', ...files } });
    const { exitCode, frames } = await fn.ended;
    expect(exitCode).toBe(129);
    const [request] = fn.api.initErrors;
    expect(request && jsonOf(request)).toMatchObject({
      errorType,
      errorMessage: expect.stringMatching(message),
    });
    expect(request?.headers['lambda-runtime-function-error-type']).toBe(errorType);
    expect(frames.at(-1)?.message).toContain(`ERROR\tUncaught Exception \t{"errorType":"${errorType}"`);
  });

  test('a rejection during init ends with 128', async () => {
    const fn = await startSource(
      node,
      `Promise.reject(new Error('early')); exports.handler = async () => 1; require('child_process').execSync('true');`,
    );
    expect((await fn.ended).exitCode).toBe(128);
    expect(fn.api.initErrors.map(jsonOf)).toMatchObject([{ errorType: 'Runtime.UnhandledPromiseRejection' }]);
  });

  test.each([
    [
      'lib/deep/file.my.nested.handler',
      { 'lib/deep/file.js': 'exports.my = { nested: { handler: async () => 1 } };' },
    ],
    ['index.handler', { 'index.mjs': 'export const handler = async () => 1;' }],
    [
      'index.handler',
      { 'index.js': 'export const handler = async () => 1;', 'package.json': '{"type":"module"}' },
    ],
    ['index.handler', { 'index.cjs': 'exports.handler = async () => 1;' }],
    [
      'index.handler',
      { 'index.mjs': 'const one = await Promise.resolve(1); export const handler = async () => one;' },
    ],
    ['pkg.handler', { 'node_modules/pkg/index.js': 'exports.handler = async () => 1;' }],
    ['src/app.handler', { 'src/app.js': 'exports.handler = async () => 1;', 'package.json': '{}' }],
  ])('loads %s of %j', async (handler, files) => {
    const fn = await start({ node, handler, files });
    expect(await fn.result({})).toBe(1);
  });

  test.each([
    ['require', { 'index.js': `exports.handler = async () => require('from-layer').name;` }],
    [
      'import',
      { 'index.mjs': `import { name } from 'from-layer'; export const handler = async () => name;` },
    ],
  ])('finds packages of layers by %s', async (_way, files) => {
    const layer = mkdtempSync(join(tmpdir(), 'hearth-layer-'));
    const modules = join(layer, 'nodejs/node_modules/from-layer');
    mkdirSync(modules, { recursive: true });
    writeFileSync(join(modules, 'index.js'), `exports.name = 'layer';`);
    const env = { NODE_PATH: `/nowhere/node_modules:${join(layer, 'nodejs/node_modules')}:/var/task` };
    const fn = await start({ node, files, env });
    expect(await fn.result({})).toBe('layer');
    rmSync(layer, { recursive: true });
  });

  test("the code's own package goes before that of a layer, and a missing one is named", async () => {
    const files = {
      'node_modules/mine/index.js': `exports.name = 'own';`,
      'index.mjs': `import { name } from 'mine'; export const handler = async () => import('not-there').catch((e) => [name, e.message]);`,
    };
    const fn = await start({ node, files, env: { NODE_PATH: '/nowhere/node_modules' } });
    expect(await fn.result({})).toEqual(['own', expect.stringContaining("Cannot find package 'not-there'")]);
  });

  test('prints console lines as one framed event each, before the response', async () => {
    const fn = await startSource(
      node,
      `
      console.log('at init');
      exports.handler = async () => { console.info('two\\nlines', { a: 1 }); console.error('bad'); console.debug('d'); };`,
    );
    await fn.invoke({});
    const { frames, stdout } = await fn.stop();
    const id = '8476a536-e9f4-11e8-9739-000000000001';
    expect(frames.map(({ message }) => message.replace(/^\S+Z\t/, ''))).toEqual([
      `${from24.includes(node) ? '-' : 'undefined'}\tINFO\tat init\n`,
      `${id}\tINFO\ttwo\nlines { a: 1 }\n`,
      `${id}\tERROR\tbad\n`,
      `${id}\tDEBUG\td\n`,
    ]);
    expect(frames.map(({ type }) => type.toString(16))).toEqual([
      'a55a000f',
      'a55a000f',
      'a55a0017',
      'a55a000b',
    ]);
    expect(Math.abs(Number((frames[0]?.timestampMicros ?? 0n) / 1000n) - Date.now())).toBeLessThan(600_000);
    expect(stdout).toBe('');
  });

  test('prints JSON lines from the level asked for', async () => {
    const env = { AWS_LAMBDA_LOG_FORMAT: 'JSON', AWS_LAMBDA_LOG_LEVEL: 'WARN' };
    const fn = await startSource(
      node,
      `exports.handler = async () => {
      console.log('dropped'); console.warn({ a: 1 }); console.error('with', new TypeError('t')); };`,
      { env },
    );
    await fn.invoke({});
    const { frames } = await fn.stop();
    expect(frames.map(({ type }) => type.toString(16))).toEqual(['a55a0012', 'a55a0016']);
    expect(frames.map(({ message }) => JSON.parse(message) as unknown)).toMatchObject([
      { level: 'WARN', requestId: '8476a536-e9f4-11e8-9739-000000000001', message: { a: 1 } },
      {
        level: 'ERROR',
        errorType: 'TypeError',
        errorMessage: 't',
        message: expect.stringMatching(/^with TypeError: t\n/),
      },
    ]);
  });

  test('without a log descriptor lines go to standard output, held together by carriage returns', async () => {
    const fn = await startSource(
      node,
      `exports.handler = async () => { console.log('a\\nb'); process.stdout.write('raw\\n'); };`,
      {
        withoutLogDescriptor: true,
      },
    );
    await fn.invoke({});
    expect((await fn.stop()).stdout).toMatch(/\tINFO\ta\rb\nraw\n$/);
  });
});

describe.each(before24)('callbacks on $name', (node) => {
  test.each([
    ['callback', `(event, context, callback) => callback(null, 'done')`],
    [
      'callback after a timer',
      `(event, context, callback) => { setTimeout(() => callback(null, 'done'), 5); }`,
    ],
    ['context.succeed', `(event, context) => { context.succeed('done'); }`],
    ['context.done', `(event, context) => { context.done(null, 'done'); }`],
    ['a promise', `() => Promise.resolve('done')`],
    ['the first of two', `(event, context, callback) => { callback(null, 'done'); callback(null, 'late'); }`],
  ])('answers by %s', async (_way, handler) => {
    const fn = await startSource(node, `exports.handler = ${handler};`);
    expect(await fn.result({})).toBe('done');
    expect(await fn.result({})).toBe('done');
  });

  test('a handler with a callback is warned of Node.js 24, unless told not to', async () => {
    const source = `exports.handler = (event, context, callback) => callback(null, 1);`;
    const warned = await startSource(node, source);
    await warned.invoke({});
    expect((await warned.stop()).frames.map(({ message }) => message)).toEqual([
      expect.stringMatching(
        /\tWARN\tAWS Lambda plans to remove support for callback-based function handlers/,
      ),
    ]);
    const quiet = await startSource(node, source, {
      env: { AWS_LAMBDA_NODEJS_DISABLE_CALLBACK_WARNING: '1' },
    });
    await quiet.invoke({});
    expect((await quiet.stop()).frames).toEqual([]);
  });

  test('a callback waits until nothing is left to run', async () => {
    const fn = await startSource(
      node,
      `let late; exports.handler = (event, context, callback) => {
      if (event.read) return callback(null, late);
      setTimeout(() => { late = 'ran'; }, 20); callback(null, 'early'); };`,
    );
    expect(await fn.result({})).toBe('early');
    expect(await fn.result({ read: true })).toBe('ran');
  });

  test('a callback answers at once where the context says so', async () => {
    const fn = await startSource(
      node,
      `exports.handler = (event, context, callback) => {
      context.callbackWaitsForEmptyEventLoop = false; setInterval(() => {}, 1000); callback(null, 'at once'); };`,
    );
    expect(await fn.result({})).toBe('at once');
  });

  test('a handler that calls nobody back answers null', async () => {
    const fn = await startSource(node, `exports.handler = () => 'ignored';`);
    expect(await fn.result({})).toBeNull();
  });

  test.each([
    [`callback(new TypeError('no'))`, { errorType: 'TypeError', errorMessage: 'no' }],
    [`callback('text')`, { errorType: 'string', errorMessage: 'text', trace: [] }],
    [`context.fail()`, { errorType: 'string', errorMessage: 'handled', trace: [] }],
    [`context.done(new Error('d'))`, { errorType: 'Error', errorMessage: 'd' }],
  ])('%s is an error', async (call, payload) => {
    const fn = await startSource(node, `exports.handler = (event, context, callback) => { ${call}; };`);
    expect(jsonOf((await fn.invoke({})).request)).toMatchObject(payload);
  });
});

describe.each(from24)('$name has no callbacks', (node) => {
  test('a handler with a callback is refused at init', async () => {
    const fn = await startSource(node, `exports.handler = (event, context, callback) => callback(null, 1);`);
    expect((await fn.ended).exitCode).toBe(129);
    expect(fn.api.initErrors.map(jsonOf)).toMatchObject([
      {
        errorType: 'Runtime.CallbackHandlerDeprecated',
        errorMessage: expect.stringMatching(
          /^ERROR: AWS Lambda has removed support for callback-based function handlers/,
        ),
      },
    ]);
  });

  test('whatever a handler returns is the result', async () => {
    const fn = await startSource(node, `exports.handler = () => 'plain';`);
    expect(await fn.result({})).toBe('plain');
  });

  test('the context has none of the callback members', async () => {
    const fn = await startSource(node, `exports.handler = (event, context) => Object.keys(context);`);
    const members = await fn.result({});
    expect(members).toContain('xRayTraceId');
    for (const name of ['done', 'succeed', 'fail', 'callbackWaitsForEmptyEventLoop'])
      expect(members).not.toContain(name);
  });

  test('finds the export under default too', async () => {
    const fn = await start({ node, files: { 'index.mjs': 'export default { handler: async () => 1 };' } });
    expect(await fn.result({})).toBe(1);
  });
});
