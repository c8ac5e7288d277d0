// A runtime for tests: speaks the Runtime API over node:http and does what the event says.
import { appendFileSync, existsSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import http from 'node:http';

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const base = '/2018-06-01/runtime';
let count = 0;

function call(method, path, { body, headers = {} } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request(
      { host, port, agent, method, path: `${base}${path}`, headers },
      (response) => {
        const parts = [];
        response.on('data', (part) => parts.push(part));
        response.on('end', () =>
          resolve({
            status: response.statusCode,
            headers: response.headers,
            text: Buffer.concat(parts).toString(),
          }),
        );
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

/** What Init does is written in a file of `/tmp`, so that it can differ from one start to the next. */
async function init() {
  const plan = process.env.INIT_PLAN?.split(',') ?? [];
  const file = `${process.env.TMP}/starts`;
  appendFileSync(file, 'x');
  const step = plan[readFileSync(file, 'utf8').length - 1] ?? 'ok';
  if (step !== 'ok') writeSync(1, `init ${step}\n`);
  if (step === 'exit') process.exit(7);
  if (step === 'hang') await new Promise((resolve) => setTimeout(resolve, 1e9));
  if (step === 'error' || step === 'error-and-hang') {
    const body = JSON.stringify({
      errorMessage: 'no module',
      errorType: 'Runtime.ImportModuleError',
      requestId: '',
    });
    const headers = { 'Lambda-Runtime-Function-Error-Type': 'Runtime.ImportModuleError' };
    await call('POST', '/init/error', { body, headers });
    if (step === 'error-and-hang') await new Promise((resolve) => setTimeout(resolve, 1e9));
    process.exit(1);
  }
}

/** Writes a streamed response step by step, waiting where the server takes no more. */
function streamed(id, steps) {
  return new Promise((resolve) => {
    const headers = {
      'Content-Type': 'text/plain',
      'Lambda-Runtime-Function-Response-Mode': 'streaming',
      'Transfer-Encoding': 'chunked',
      Trailer: 'Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body',
    };
    const path = `${base}/invocation/${id}/response`;
    const request = http.request({ host, port, method: 'POST', path, headers }, (response) => {
      response.resume();
      response.on('end', () => resolve({ status: response.statusCode }));
    });
    request.on('error', () => resolve({ status: 'cut' }));
    void write(request, steps);
  });
}

async function write(request, steps) {
  for (const step of steps) {
    if (step.text !== undefined) await flushed(request, step.text);
    for (let left = step.bytes ?? 0; left > 0 && !request.destroyed; left -= 65_536)
      await flushed(request, Buffer.alloc(Math.min(left, 65_536), 'x'));
    if (step.hang) return;
    if (step.log && !request.destroyed) writeSync(1, `${step.log}\n`);
    if (step.exit !== undefined) process.exit(step.exit);
    if (step.cut) return request.destroy();
    if (step.error) {
      const { type, body } = step.error;
      request.addTrailers({
        'Lambda-Runtime-Function-Error-Type': type,
        'Lambda-Runtime-Function-Error-Body': Buffer.from(JSON.stringify(body)).toString('base64'),
      });
    }
  }
  request.end();
}

function flushed(request, bytes) {
  return new Promise((resolve) => {
    request.once('close', resolve);
    request.write(bytes, resolve);
  });
}

async function handle(event, id, headers) {
  const text = JSON.stringify(event);
  const file = `${process.env.TMP}/kept`;
  writeSync(1, `working on ${text.length > 200 ? 'much' : text}\n`);
  switch (event?.do) {
    case 'count':
      return { count: ++count, starts: readFileSync(`${process.env.TMP}/starts`, 'utf8').length };
    case 'headers':
      return headers;
    case 'write':
      writeFileSync(file, event.text);
      return null;
    case 'read':
      return existsSync(file) ? readFileSync(file, 'utf8') : null;
    case 'env':
      return process.env;
    case 'log':
      for (let line = 0; line < event.lines; line++) writeSync(1, `line ${line}\n`);
      writeSync(2, 'to stderr, without end of line');
      return null;
    case 'wait':
      await new Promise((resolve) => setTimeout(resolve, event.ms));
      return event;
    case 'throw':
      throw new TypeError('thrown by the handler');
    case 'hang':
      writeSync(1, 'last words\n');
      return new Promise(() => setInterval(() => undefined, 1_000));
    case 'exit':
      writeSync(1, 'last words\n');
      process.exit(event.code);
      break;
    case 'kill':
      writeSync(1, 'last words\n');
      process.kill(process.pid, event.signal);
      return new Promise(() => setInterval(() => undefined, 1_000));
    case 'large':
      return 'x'.repeat(event.bytes);
    default:
      return event;
  }
}

await init();
for (;;) {
  const next = await call('GET', '/invocation/next');
  const id = next.headers['lambda-runtime-aws-request-id'];
  const event = JSON.parse(next.text);
  let sent;
  try {
    if (event?.stream) {
      writeSync(1, `streamed: ${(await streamed(id, event.stream)).status}\n`);
      continue;
    }
    const result = await handle(event, id, next.headers);
    const headers = event?.mode ? { 'Lambda-Runtime-Function-Response-Mode': event.mode } : {};
    sent = await call('POST', `/invocation/${id}/response`, { body: JSON.stringify(result), headers });
  } catch (error) {
    const body = JSON.stringify({ errorType: error.name, errorMessage: error.message, trace: [] });
    sent = await call('POST', `/invocation/${id}/error`, { body });
  }
  if (event?.do === 'large') writeSync(1, `answer to much: ${sent.status}\n`);
  if (event?.after === 'exit') process.exit(128);
  if (event?.after === 'hang') await new Promise((resolve) => setTimeout(resolve, 1e9));
}
