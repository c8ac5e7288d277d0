import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { type BootstrapOptions, BootstrapProcess, jsonOf } from '../../tests/support/bootstrap-process.ts';
import { foundPythons, thisMachine } from '../../tests/support/interpreters.ts';
import { ensureRuntimeFolder } from './runtime-folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'hearth-pythons-'));
afterAll(() => rmSync(folder, { recursive: true }));
const pythons = await foundPythons(folder);
const runtimeDir = await prepareRuntimeDir();

/** As in use: assembled by Hearth, bytecode made ahead. */
async function prepareRuntimeDir(): Promise<string> {
  for (const python of pythons) await ensureRuntimeFolder(thisMachine(folder), 'python', python);
  return join(folder, 'var-runtime/python');
}

const running: BootstrapProcess[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()));
});

type Python = (typeof pythons)[number];

async function start(python: Python, options: Partial<BootstrapOptions>): Promise<BootstrapProcess> {
  const bootstrapProcess = await BootstrapProcess.start({
    command: [python.path, '-S', '-u', join(runtimeDir, 'bootstrap.py')],
    files: {},
    handler: 'app.handler',
    ...options,
    env: { LAMBDA_RUNTIME_DIR: runtimeDir, ...options.env },
  });
  running.push(bootstrapProcess);
  return bootstrapProcess;
}

function startSource(python: Python, source: string, options: Partial<BootstrapOptions> = {}) {
  return start(python, { files: { 'app.py': source }, ...options });
}

function isSince(python: Python, minor: number): boolean {
  return Number(python.version.split('.')[1]) >= minor;
}

const requestId = '8476a536-e9f4-11e8-9739-000000000001';

test('an interpreter is there to test with', () => {
  expect(pythons.length).toBeGreaterThan(0);
});

describe.each(pythons)('$name', (python) => {
  test('answers one event after the other, keeping module state', async () => {
    const fn = await startSource(
      python,
      `calls = 0
def handler(event, context):
    global calls
    calls += 1
    return {"event": event, "call": calls}
`,
    );
    expect(await fn.result({ a: 'ü', n: [1, 2.5, null, true, -0.001, 1e300] })).toEqual({
      event: { a: 'ü', n: [1, 2.5, null, true, -0.001, 1e300] },
      call: 1,
    });
    expect(await fn.result('x')).toEqual({ event: 'x', call: 2 });
  });

  test('neither re, json nor logging is loaded for a function that needs none', async () => {
    const fn = await startSource(
      python,
      `import sys
def handler(event, context):
    return [name for name in ("re", "json", "logging", "socket", "typing", "asyncio") if name in sys.modules]
`,
    );
    expect(await fn.result({})).toEqual([]);
  });

  test('puts responses together that arrive in pieces', async () => {
    const fn = await startSource(python, 'def handler(event, context): return event\n', { pieceBytes: 7 });
    expect(await fn.result({ text: 'é'.repeat(100) })).toEqual({ text: 'é'.repeat(100) });
    expect(await fn.result('next')).toBe('next');
  });

  test('carries six megabytes both ways', async () => {
    const fn = await startSource(python, 'def handler(event, context): return event\n', {
      pieceBytes: 100_000,
    });
    const event = 'x'.repeat(6_000_000);
    expect(await fn.result(event)).toBe(event);
    expect(await fn.result(1)).toBe(1);
  });

  test('speaks TCP where there is no socket', async () => {
    const fn = await startSource(python, 'def handler(event, context): return event\n', { overTcp: true });
    expect(await fn.result('over tcp')).toBe('over tcp');
  });

  test('shows the function neither the socket nor the log descriptor', async () => {
    const fn = await startSource(
      python,
      `import os
seen = list(os.environ)
def handler(event, context): return seen
`,
    );
    const seen = await fn.result({});
    expect(seen).toContain('PYTHONPATH');
    for (const name of ['HEARTH_RUNTIME_SOCKET', 'HEARTH_OPT_DIR', '_LAMBDA_TELEMETRY_LOG_FD']) {
      expect(seen).not.toContain(name);
    }
  });

  test('searches code, layers and runtime in this order, and nothing of the host', async () => {
    const fn = await startSource(
      python,
      `import sys
def handler(event, context): return sys.path
`,
      { env: { HEARTH_OPT_DIR: '/nowhere/opt' } },
    );
    const minor = python.version.split('.').slice(0, 2).join('.');
    const path = (await fn.result({})) as string[];
    expect(path.slice(0, 4)).toEqual([
      fn.taskDir,
      `/nowhere/opt/python/lib/python${minor}/site-packages`,
      '/nowhere/opt/python',
      runtimeDir,
    ]);
    expect(path.filter((entry) => /(site|dist)-packages/.test(entry))).toHaveLength(1);
  });

  test('a PYTHONPATH of the function replaces the layers', async () => {
    const fn = await startSource(
      python,
      `import sys
def handler(event, context): return sys.path
`,
      { env: { PYTHONPATH: '/my/own' } },
    );
    expect(((await fn.result({})) as string[]).slice(0, 3)).toEqual([fn.taskDir, runtimeDir, '/my/own']);
  });

  test('gives the context its members', async () => {
    const fn = await startSource(
      python,
      `import os
def handler(event, context):
    client = context.client_context
    return [context.aws_request_id, context.function_name, context.function_version, context.memory_limit_in_mb,
        context.invoked_function_arn, context.log_group_name, context.log_stream_name, context.tenant_id,
        context.identity.cognito_identity_id, context.identity.cognito_identity_pool_id,
        client and [client.custom, client.env, client.client.app_title, client.client.installation_id],
        0 < context.get_remaining_time_in_millis() <= 60000, os.environ["_X_AMZN_TRACE_ID"], repr(context.identity)]
`,
    );
    const headers = {
      'Lambda-Runtime-Client-Context': '{"custom":{"k":"v"},"env":{},"client":{"app_title":"t"}}',
      'Lambda-Runtime-Cognito-Identity': '{"cognitoIdentityId":"i","cognitoIdentityPoolId":"p"}',
      'Lambda-Runtime-Aws-Tenant-Id': 'blue',
    };
    const common = [
      'hello',
      '$LATEST',
      '128',
      'arn:aws:lambda:eu-west-1:000000000000:function:hello',
      '/aws/lambda/hello',
      '2026/01/01/[$LATEST]0123456789abcdef0123456789abcdef',
    ];
    expect(await fn.result({}, headers)).toEqual([
      requestId,
      ...common,
      'blue',
      'i',
      'p',
      [{ k: 'v' }, {}, 't', null],
      true,
      'Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e701;Sampled=1',
      'CognitoIdentity([cognito_identity_id=i,cognito_identity_pool_id=p])',
    ]);
    expect(((await fn.result({})) as unknown[]).slice(7, 11)).toEqual([null, null, null, null]);
  });

  test('context.request_id is an error, as on AWS', async () => {
    const fn = await startSource(python, 'def handler(event, context): return context.request_id\n');
    expect(jsonOf((await fn.invoke({})).request)).toMatchObject({
      errorType: 'AttributeError',
      errorMessage: "'LambdaContext' object has no attribute 'request_id'",
    });
  });

  test('reports what the handler raises, traced from the function on, and goes on', async () => {
    const fn = await startSource(
      python,
      `def inner():
    raise KeyError("gone")

def handler(event, context):
    if event.get("fail"):
        inner()
    return "fine"
`,
    );
    const { kind, request } = await fn.invoke({ fail: true });
    expect(kind).toBe('error');
    const payload = jsonOf(request);
    expect(Object.keys(payload)).toEqual(['errorMessage', 'errorType', 'requestId', 'stackTrace']);
    expect(payload).toMatchObject({ errorMessage: "'gone'", errorType: 'KeyError', requestId });
    expect(payload['stackTrace']).toEqual([
      `  File "${fn.taskDir}/app.py", line 6, in handler\n    inner()\n`,
      `  File "${fn.taskDir}/app.py", line 2, in inner\n    raise KeyError("gone")\n`,
    ]);
    expect(request.headers['lambda-runtime-function-error-type']).toBe('KeyError');
    expect(JSON.parse(request.headers['lambda-runtime-function-xray-error-cause'] ?? '')).toMatchObject({
      exceptions: [
        { type: 'KeyError', message: "'gone'", stack: [{ label: 'handler', line: 6 }, { label: 'inner' }] },
      ],
    });
    expect(await fn.result({})).toBe('fine');
    const { frames } = await fn.stop();
    expect(frames.map(({ type }) => type.toString(16))).toEqual(['a55a0013', 'a55a0017']);
    expect(frames[0]?.message).toMatch(/^LAMBDA_WARNING: Unhandled exception\. .*\r$/);
    expect(frames[1]?.message).toBe(
      `[ERROR] KeyError: 'gone'\nTraceback (most recent call last):\n` +
        `\u00a0\u00a0File "${fn.taskDir}/app.py", line 6, in handler\n\u00a0\u00a0\u00a0\u00a0inner()\n` +
        `\u00a0\u00a0File "${fn.taskDir}/app.py", line 2, in inner\n\u00a0\u00a0\u00a0\u00a0raise KeyError("gone")`,
    );
  });

  test.each([
    ['a decimal', `__import__("decimal").Decimal("1.10")`, '1.10'],
    ['a decimal beside text', `{"d": __import__("decimal").Decimal("2"), "t": "x"}`, '{"d": 2, "t": "x"}'],
    ['a decimal that is not a number', `__import__("decimal").Decimal("NaN")`, 'NaN'],
    ['not a number', 'float("nan")', 'NaN'],
    ['infinity', '[float("inf"), -float("inf")]', '[Infinity, -Infinity]'],
    ['bytes', 'b"raw \\xff"', undefined],
    ['bytes inside', '{"b": b"text"}', '{"b": "text"}'],
    ['a named tuple', `[__import__("collections").namedtuple("P", "x y")(1, (2,))]`, '[{"x": 1, "y": [2]}]'],
    ['numbers as keys', '{1: 2, None: 3, True: 4.0}', '{"1": 4.0, "null": 3}'],
    ['nothing', 'None', 'null'],
  ])('renders %s as AWS does', async (_what, expression, text) => {
    const fn = await startSource(python, `def handler(event, context): return ${expression}\n`);
    const { request } = await fn.invoke({});
    if (text === undefined) {
      expect([...request.body]).toEqual([...Buffer.from('raw \xff', 'latin1')]);
      expect(request.headers['content-type']).toBe('application/unknown');
    } else {
      expect(request.body.toString()).toBe(text);
      expect(request.headers['content-type']).toBe('application/json');
    }
  });

  test('text is escaped to ASCII before 3.12 only', async () => {
    const fn = await startSource(python, 'def handler(event, context): return event\n');
    const body = (await fn.invoke('é')).request.body.toString();
    expect(body).toBe(isSince(python, 12) ? '"é"' : '"\\u00e9"');
  });

  test.each([
    ['{1, 2}', 'Unable to marshal response: Object of type set is not JSON serializable'],
    ['[event.__class__]', 'Unable to marshal response: Object of type type is not JSON serializable'],
    ['(lambda a: a.append(a) or a)([])', 'Unable to marshal response: Circular reference detected'],
  ])('a result of %s is no JSON', async (expression, errorMessage) => {
    const fn = await startSource(python, `def handler(event, context): return ${expression}\n`);
    expect(jsonOf((await fn.invoke({})).request)).toEqual({
      errorMessage,
      errorType: 'Runtime.MarshalError',
      requestId,
      stackTrace: [],
    });
  });

  test('an event that is no JSON is an error', async () => {
    const fn = await startSource(python, 'def handler(event, context): return event\n');
    expect(jsonOf((await fn.api.invoke('{"a"')).request)).toMatchObject({
      errorType: 'Runtime.UnmarshalError',
      errorMessage: expect.stringMatching(/^Unable to unmarshal input: Expecting ':' delimiter/),
    });
  });

  test('a client context that is no JSON is an error', async () => {
    const fn = await startSource(python, 'def handler(event, context): return event\n');
    const { request } = await fn.invoke({}, { 'Lambda-Runtime-Client-Context': '{' });
    expect(jsonOf(request)).toMatchObject({
      errorType: 'Runtime.LambdaContextUnmarshalError',
      errorMessage: expect.stringMatching(/^Unable to parse Client Context JSON: Expecting property name/),
    });
  });

  test.each([
    ['exit()', 0],
    ['__import__("sys").exit(3)', 3],
    ['__import__("os")._exit(4)', 4],
  ])('%s ends the process', async (expression, exitCode) => {
    const fn = await startSource(
      python,
      `def handler(event, context):\n    print("last words")\n    ${expression}\n`,
    );
    void fn.invoke({});
    expect(await fn.ended).toMatchObject({ exitCode, stdout: 'last words\n' });
  });

  test.each([
    ['app.handler', {}, 'Runtime.ImportModuleError', "Unable to import module 'app': No module named 'app'"],
    [
      'app.handler',
      { 'app.py': 'import nothing_like_this' },
      'Runtime.ImportModuleError',
      "Unable to import module 'app': No module named 'nothing_like_this'",
    ],
    ['app.other', { 'app.py': '' }, 'Runtime.HandlerNotFound', "Handler 'other' missing on module 'app'"],
    [
      'app',
      {},
      'Runtime.MalformedHandlerName',
      "Bad handler 'app': not enough values to unpack (expected 2, got 1)",
    ],
    [
      'sys.handler',
      {},
      'Runtime.BuiltInModuleConflict',
      'Cannot use built-in module sys as a handler module',
    ],
  ])('handler %s of %j cannot start: %s', async (handler, files, errorType, errorMessage) => {
    const fn = await start(python, { handler, files: { 'other.txt': '', ...files } });
    const { exitCode, frames } = await fn.ended;
    expect(exitCode).toBe(1);
    const [request] = fn.api.initErrors;
    expect(request && jsonOf(request)).toEqual({ errorMessage, errorType, requestId: '', stackTrace: [] });
    expect(request?.headers['lambda-runtime-function-error-type']).toBe(errorType);
    expect(frames.at(-1)?.message).toBe(
      `[ERROR] ${errorType}: ${errorMessage}\nTraceback (most recent call last):`,
    );
  });

  test('a syntax error names file and line', async () => {
    const fn = await startSource(python, 'def handler(:\n  pass\n');
    await fn.ended;
    expect(fn.api.initErrors.map(jsonOf)).toMatchObject([
      {
        errorType: 'Runtime.UserCodeSyntaxError',
        errorMessage: expect.stringMatching(
          /^Syntax error in module 'app': invalid syntax \(app\.py, line 1\)$/,
        ),
        stackTrace: [`  File "${fn.taskDir}/app.py" Line 1\n    def handler(:\n`],
      },
    ]);
  });

  test('whatever the module raises at init keeps its type', async () => {
    const fn = await startSource(python, 'raise ValueError("at init")\n');
    expect((await fn.ended).exitCode).toBe(1);
    const [payload] = fn.api.initErrors.map(jsonOf);
    expect(payload).toMatchObject({ errorType: 'ValueError', errorMessage: 'at init', requestId: '' });
    expect((payload?.['stackTrace'] as string[]).at(-1)).toBe(
      `  File "${fn.taskDir}/app.py", line 1, in <module>\n    raise ValueError("at init")\n`,
    );
    expect((payload?.['stackTrace'] as string[])[0]).toMatch(
      /importlib\/__init__\.py", line \d+, in import_module/,
    );
  });

  test.each([
    ['lib/deep.handler', { 'lib/deep.py': 'def handler(event, context): return 1\n' }],
    ['lib.deep.handler', { 'lib/deep.py': 'def handler(event, context): return 1\n' }],
  ])('loads %s', async (handler, files) => {
    const fn = await start(python, { handler, files });
    expect(await fn.result({})).toBe(1);
  });

  test('logging writes framed lines from WARNING on, print goes to standard output as it comes', async () => {
    const fn = await startSource(
      python,
      `import logging
def handler(event, context):
    print("plain", 1)
    logging.info("hidden")
    logging.warning("two\\nlines %s", event)
    logging.getLogger("mine").error("bad")
`,
    );
    await fn.invoke({});
    const { frames, stdout } = await fn.stop();
    expect(stdout).toBe('plain 1\n');
    expect(frames.map(({ type }) => type.toString(16))).toEqual(['a55a0013', 'a55a0017']);
    expect(frames[0]?.message).toMatch(
      new RegExp(
        `^\\[WARNING\\]\\t\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z\\t${requestId}\\ttwo\\nlines {}\\n$`,
      ),
    );
  });

  test('a level of the function is obeyed', async () => {
    const fn = await startSource(
      python,
      `import logging
logging.getLogger().setLevel("INFO")
logging.info("at init")
def handler(event, context): pass
`,
    );
    await fn.invoke({});
    expect((await fn.stop()).frames.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^\[INFO\]\t\S+Z\t\tat init\n$/),
    ]);
  });

  test('JSON lines carry level, request id, extra members and the exception', async () => {
    const env = { AWS_LAMBDA_LOG_FORMAT: 'JSON', AWS_LAMBDA_LOG_LEVEL: 'INFO' };
    const fn = await startSource(
      python,
      `import logging
log = logging.getLogger("mine")
def handler(event, context):
    log.debug("hidden")
    log.info("hello %s", "you", extra={"order": 7})
    try:
        raise KeyError("k")
    except KeyError:
        log.exception("failed")
    raise ValueError("end")
`,
      { env },
    );
    await fn.invoke({});
    const { frames } = await fn.stop();
    expect(frames.map(({ type }) => type.toString(16))).toEqual([
      'a55a000e',
      'a55a0016',
      'a55a0012',
      'a55a0016',
    ]);
    const lines = [0, 1, 3].map((index) => JSON.parse(frames[index]?.message ?? '') as unknown);
    expect(lines).toMatchObject([
      {
        timestamp: expect.stringMatching(/^\S+Z$/),
        level: 'INFO',
        message: 'hello you',
        logger: 'mine',
        requestId,
        order: 7,
      },
      {
        level: 'ERROR',
        message: 'failed',
        errorType: 'KeyError',
        errorMessage: "'k'",
        stackTrace: [expect.stringContaining('raise KeyError("k")')],
        location: expect.stringMatching(/app\.py:handler:9$/),
      },
      { log_level: 'ERROR', errorType: 'ValueError', errorMessage: 'end', requestId },
    ]);
  });

  test('without a log descriptor lines go to standard output', async () => {
    const fn = await startSource(
      python,
      `import logging
def handler(event, context):
    logging.warning("line")
    raise ValueError("x")
`,
      { withoutLogDescriptor: true },
    );
    await fn.invoke({});
    const { stdout } = await fn.stop();
    expect(stdout).toMatch(/^\[WARNING\]\t\S+Z\t\S+\tline\n/);
    expect(stdout).toMatch(
      /\[ERROR\] ValueError: x\rTraceback \(most recent call last\):\r\u00a0\u00a0File "/,
    );
  });
});
