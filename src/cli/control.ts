import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LOCAL_ENDPOINT } from './clients.ts';
import { type CommandContext, type Flag, type FlagValues, text, UsageError } from './command.ts';
import { defaultDataFolder } from './data-folder.ts';

/** Flags of the commands that steer a server of one's own. */
export const controlFlags: readonly Flag[] = [
  {
    flags: '--endpoint <url>',
    description: `where the server is (default: AWS_ENDPOINT_URL, else ${LOCAL_ENDPOINT})`,
  },
  { flags: '--data-dir <folder>', description: "the server's data folder, which holds the operator token" },
];

/** Calls one of the control routes under `/_hearth/`, as the operator whose token stands in the data folder. */
export async function control(
  values: FlagValues,
  context: CommandContext,
  request: { readonly method: 'GET' | 'POST' | 'DELETE'; readonly path: string; readonly body?: object },
): Promise<unknown> {
  const endpoint = text(values, 'endpoint') ?? context.env['AWS_ENDPOINT_URL'] ?? LOCAL_ENDPOINT;
  const response = await fetch(new URL(`/_hearth/${request.path}`, endpoint), {
    method: request.method,
    headers: {
      authorization: `Bearer ${operatorToken(values, context)}`,
      'content-type': 'application/json',
    },
    signal: context.signal,
    ...(request.body ? { body: JSON.stringify(request.body) } : {}),
  }).catch((error: unknown) => {
    throw error instanceof TypeError && error.cause instanceof Error ? error.cause : error;
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(`${endpoint} answered ${response.status}: ${answer}`);
  return answer === '' ? undefined : JSON.parse(answer);
}

function operatorToken(values: FlagValues, context: CommandContext): string {
  const file = join(text(values, 'data-dir') ?? defaultDataFolder(context.env), 'operator-token');
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new UsageError(
      `cannot read the operator token at ${file}: name the server's folder with --data-dir`,
      { cause: error },
    );
  }
}
