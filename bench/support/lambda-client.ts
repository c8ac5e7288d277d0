import { once } from 'node:events';
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import {
  CreateFunctionCommand,
  LambdaClient as SdkClient,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda';
import { strToU8, zipSync } from 'fflate';
import type { Credentials } from './signing.ts';

/** Signed in form only: what a server with `--auth permissive` takes. */
const AUTHORIZATION =
  'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host;x-amz-date, Signature=0000000000000000000000000000000000000000000000000000000000000000';
const HEADERS = { Authorization: AUTHORIZATION, 'X-Amz-Date': '20260101T000000Z' };

export const HANDLERS = {
  nodejs: { runtime: 'nodejs24.x', file: 'index.js', code: 'exports.handler = async (event) => event;\n' },
  python: {
    runtime: 'python3.11',
    file: 'index.py',
    code: 'def handler(event, context):\n    return event\n',
  },
  snapStart: { runtime: 'python3.12', file: 'index.py', code: '' },
} as const;

export interface FunctionOptions {
  readonly name: string;
  readonly language: keyof typeof HANDLERS;
  readonly memoryMiB?: number;
  readonly code?: string;
  readonly snapStart?: boolean;
}

/** The few calls of the Lambda API that benches make, over connections that stay open; `fetch` takes 2 ms more for each. */
export class LambdaClient {
  readonly #base: string;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(port: number) {
    this.#base = `http://127.0.0.1:${port}/2015-03-31/functions`;
  }

  async create({ name, language, memoryMiB = 1_769, code, snapStart }: FunctionOptions): Promise<void> {
    const handler = HANDLERS[language];
    await this.#call('POST', '', {
      FunctionName: name,
      Runtime: handler.runtime,
      Handler: 'index.handler',
      Role: 'arn:aws:iam::000000000000:role/bench',
      MemorySize: memoryMiB,
      Timeout: 60,
      Code: { ZipFile: zipped(language, code ?? handler.code) },
      ...(snapStart ? { SnapStart: { ApplyOn: 'PublishedVersions' } } : {}),
    });
    while (!(await this.#isActive(name))) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  /** Publishes a version that differs from the one before. */
  async publish(name: string, description: string): Promise<void> {
    await this.#call('PUT', `/${name}/configuration`, { Description: description });
    while (!(await this.#isActive(name))) await new Promise((resolve) => setTimeout(resolve, 5));
    await this.#call('POST', `/${name}/versions`, {});
  }

  /** Publishes version 1 of a function with SnapStart, and waits for its snapshot. */
  async publishFirst(name: string): Promise<void> {
    await this.#call('POST', `/${name}/versions`, {});
    while (!(await this.#isActive(`${name}:1`))) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  async #isActive(name: string): Promise<boolean> {
    const answer = JSON.parse((await this.#call('GET', `/${name}/configuration`)).body) as {
      readonly State?: string;
      readonly LastUpdateStatus?: string;
    };
    if (answer.State === 'Failed' || answer.LastUpdateStatus === 'Failed') {
      throw new Error(`${name}: ${JSON.stringify(answer)}`);
    }
    return answer.State === 'Active' && answer.LastUpdateStatus === 'Successful';
  }

  /** Resolves with the text of the log's tail. */
  async invoke(name: string, event: unknown = {}): Promise<string> {
    return (await this.invokeTraced(name, event, {})).log;
  }

  /** Resolves with what was returned, the text of the log's tail and how long each phase took. */
  async invokeTraced(
    name: string,
    event: unknown = {},
    headers: Record<string, string> = { 'X-Hearth-Trace': '1' },
  ): Promise<TracedAnswer> {
    const more = { 'X-Amz-Log-Type': 'Tail', ...headers };
    const answer = await this.#call('POST', `/${name}/invocations`, event, more);
    if (answer.headers['x-amz-function-error']) throw new Error(`${name}: ${answer.body}`);
    const log = Buffer.from(String(answer.headers['x-amz-log-result'] ?? ''), 'base64').toString();
    const phases = String(answer.headers['x-hearth-phases'] ?? '');
    const { body } = answer;
    return { body, log, phases: new Map([...phases.matchAll(/(\w+);dur=([\d.]+)/g)].map(phaseOf)) };
  }

  /** Replaces the code, whose environments are retired with it. */
  async update(name: string, language: keyof typeof HANDLERS, code: string): Promise<void> {
    await this.#call('PUT', `/${name}/code`, { ZipFile: zipped(language, code) });
    while (!(await this.#isActive(name))) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  async delete(name: string): Promise<void> {
    await this.#call('DELETE', `/${name}`);
  }

  /** Ends its connections. */
  close(): void {
    this.#agent.destroy();
  }

  async #call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const sent = request(this.#base + path, {
      method,
      agent: this.#agent,
      headers: { ...HEADERS, ...headers },
    });
    sent.end(body === undefined ? undefined : JSON.stringify(body));
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const answer = { headers: response.headers, body: await text(response) };
    if ((response.statusCode ?? 500) < 300) return answer;
    throw new Error(`${method} ${path}: ${response.statusCode} ${answer.body}`);
  }
}

/** Creates the Node.js echo through the SDK, which signs its requests. */
export async function createFunction(port: number, credentials: Credentials, name: string): Promise<void> {
  const client = new SdkClient({ endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', credentials });
  const { runtime, file, code } = HANDLERS.nodejs;
  await client.send(
    new CreateFunctionCommand({
      FunctionName: name,
      Runtime: runtime,
      Handler: 'index.handler',
      Role: 'arn:aws:iam::000000000000:role/bench',
      MemorySize: 1_769,
      Code: { ZipFile: zipSync({ [file]: strToU8(code) }) },
    }),
  );
  await waitUntilFunctionActiveV2({ client, maxWaitTime: 60 }, { FunctionName: name });
  client.destroy();
}

function zipped(language: keyof typeof HANDLERS, code: string): string {
  return Buffer.from(zipSync({ [HANDLERS[language].file]: strToU8(code) })).toString('base64');
}

interface TracedAnswer {
  /** What the function returned. */
  readonly body: string;
  readonly log: string;
  /** Name to milliseconds. */
  readonly phases: ReadonlyMap<string, number>;
}

interface Answer {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function phaseOf([, name = '', duration]: RegExpExecArray): readonly [string, number] {
  return [name, Number(duration)];
}

/** One whole Invoke request for the load generator. */
export function invokeRequest(name: string, payload: string): string {
  const body = `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(payload)}\r\n\r\n${payload}`;
  return `${requestHead('POST', `/2015-03-31/functions/${name}/invocations`)}${body}`;
}

/** A request of the Lambda API that reads, `path` from behind `functions`, for the load generator. */
export function readRequest(path: string): string {
  return `${requestHead('GET', `/2015-03-31/functions${path}`)}\r\n`;
}

function requestHead(method: string, path: string): string {
  const headers = Object.entries(HEADERS).map(([key, value]) => `${key}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${headers.join('')}`;
}
