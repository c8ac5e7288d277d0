import { type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { ImageError } from '../image-error.ts';
import { mayLead } from './registry-address.ts';

/** A registry that says nothing for this long is not there. */
const SILENCE_MS = 30_000;
const MOST_REDIRECTS = 5;

export interface Question {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/**
 * One GET, redirects followed: the answer's body is the caller's to read or to destroy. What proves who asks (`authorization`)
 * goes to the first origin only. Rejects with `Unreachable` where there is no answer.
 */
export async function ask(question: Question): Promise<IncomingMessage> {
  let url = question.url;
  let headers = question.headers;
  for (let redirects = 0; ; redirects++) {
    const answer = await exchange({ ...question, url, headers });
    const location = isRedirect(answer) ? answer.headers.location : undefined;
    if (location === undefined) return answer;
    answer.destroy();
    const next = URL.canParse(location, url.href) ? new URL(location, url) : undefined;
    if (!next || redirects === MOST_REDIRECTS || !mayLead(url, next)) {
      throw new ImageError('Unreachable', `${url.host} leads to an address that is not followed`);
    }
    if (next.origin !== url.origin) {
      const { authorization: _, ...rest } = headers;
      headers = rest;
    }
    url = next;
  }
}

function isRedirect({ statusCode = 0 }: IncomingMessage): boolean {
  return statusCode >= 300 && statusCode < 400;
}

function exchange({ url, headers, signal }: Question): Promise<IncomingMessage> {
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    // No connection is kept: between two pulls lie hours.
    const asked = request(url, { headers, signal, agent: false, timeout: SILENCE_MS }, resolve);
    asked.on('timeout', () => asked.destroy(new Error('no answer in time')));
    asked.on('error', (cause: Error) =>
      reject(new ImageError('Unreachable', `${url.host} cannot be reached: ${reasonOf(cause)}`, { cause })),
    );
    asked.end();
  });
}

/** Errors of several addresses tried have no message of their own. */
function reasonOf(error: Error): string {
  return error.message || ('code' in error ? String(error.code) : error.name);
}

/** The whole body. Rejects with `InvalidImage` beyond `mostBytes`. */
export async function readBody(answer: IncomingMessage, mostBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > mostBytes)
        throw new ImageError('InvalidImage', `a document has more than ${mostBytes} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof ImageError ? error : cutOff(error);
  } finally {
    answer.destroy();
  }
  return Buffer.concat(chunks);
}

export function cutOff(cause: unknown): ImageError {
  return new ImageError('Unreachable', `the registry's answer was cut off: ${String(cause)}`, { cause });
}
