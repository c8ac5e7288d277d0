import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { LOCAL_ENDPOINT } from './clients.ts';
import { type CommandContext, type Flag, type FlagValues, text as flag, UsageError } from './command.ts';
import { defaultDataFolder } from './data-folder.ts';

/** Flags of the commands that steer a server of one's own. */
export const controlFlags: readonly Flag[] = [
  {
    flags: '--endpoint <url>',
    description: `where the server is (default: AWS_ENDPOINT_URL, else ${LOCAL_ENDPOINT})`,
  },
  { flags: '--data-dir <folder>', description: "the server's data folder, which holds the operator token" },
];

interface ControlCall {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below `/_hearth/`. */
  readonly path: string;
  readonly body?: object;
}

/** Calls one of the control routes under `/_hearth/`, as the operator whose token stands in the data folder. */
export async function control(
  values: FlagValues,
  context: CommandContext,
  call: ControlCall,
): Promise<unknown> {
  const answer = await text(await send(values, context, call));
  return answer === '' ? undefined : JSON.parse(answer);
}

/** The same for routes that answer with a line of JSON for each thing that happens, however long that takes. */
export async function* controlLines(
  values: FlagValues,
  context: CommandContext,
  call: ControlCall,
): AsyncIterable<unknown> {
  const response = await send(values, context, call);
  for await (const line of createInterface({ input: response })) yield JSON.parse(line);
}

/** By `node:http`, which waits for as long as it takes; `fetch` gives up after five minutes without a byte. */
async function send(
  values: FlagValues,
  context: CommandContext,
  call: ControlCall,
): Promise<IncomingMessage> {
  const endpoint = flag(values, 'endpoint') ?? context.env['AWS_ENDPOINT_URL'] ?? LOCAL_ENDPOINT;
  const request = httpRequest(new URL(`/_hearth/${call.path}`, endpoint), {
    method: call.method,
    headers: {
      authorization: `Bearer ${operatorToken(values, context)}`,
      'content-type': 'application/json',
    },
    signal: context.signal,
  });
  request.end(call.body && JSON.stringify(call.body));
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const status = response.statusCode ?? 0;
  if (status < 300) return response;
  throw new Error(explainRefusal(endpoint, status, await text(response)));
}

function explainRefusal(endpoint: string, status: number, answer: string): string {
  if (status === 401) {
    return `${endpoint} does not accept the operator token: another server runs there. Name its folder with --data-dir`;
  }
  return `${endpoint} answered ${status}: ${messageOf(answer)}`;
}

function messageOf(answer: string): string {
  try {
    const parsed: unknown = JSON.parse(answer);
    const message: unknown = typeof parsed === 'object' && parsed ? Reflect.get(parsed, 'message') : '';
    return typeof message === 'string' && message ? message : answer;
  } catch {
    return answer;
  }
}

function operatorToken(values: FlagValues, context: CommandContext): string {
  const file = join(flag(values, 'data-dir') ?? defaultDataFolder(context.env), 'operator-token');
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new UsageError(
      `cannot read the operator token at ${file}: name the server's folder with --data-dir`,
      { cause: error },
    );
  }
}
