import { callerAccount, clientSettings } from './clients.ts';
import { type CommandContext, type Flag, type FlagValues, text, UsageError, wholeNumber } from './command.ts';
import { controlLines } from './control.ts';
import type { DebugLine } from '../server/index.ts';

export const inspectFlags: readonly Flag[] = [
  { flags: '--inspect', description: 'wait for a debugger before the code is loaded (Node.js, Python)' },
  {
    flags: '--inspect-port <number>',
    description: 'port of 127.0.0.1 for the debugger (default: 9229 for Node.js, 5678 for Python)',
  },
  { flags: '--data-dir <folder>', description: "the server's data folder, for --inspect" },
];

/** What an invocation came to. */
export interface InvokeAnswer {
  readonly payload: string;
  readonly log: string;
  readonly error?: string;
}

export function wantsInspector(values: FlagValues): boolean {
  if (values['inspect'] === true) return true;
  if (text(values, 'inspect-port') !== undefined) throw new UsageError('--inspect-port goes with --inspect');
  return false;
}

/** Invokes in an environment of its own that waits for a debugger, and says how to attach one. */
export async function invokeUnderDebugger(
  values: FlagValues,
  context: CommandContext,
  { name, event }: { readonly name: string; readonly event: Uint8Array },
): Promise<InvokeAnswer> {
  const { region, endpoint } = clientSettings(values, context, 'LAMBDA');
  if (endpoint === undefined || isAws(endpoint)) {
    throw new UsageError('--inspect needs a Hearth server: AWS lets no debugger into its environments');
  }
  const port = wholeNumber(values, 'inspect-port', 0, 65_535);
  const body = {
    account: await callerAccount(values, context),
    region,
    functionName: name,
    qualifier: text(values, 'qualifier'),
    tenantId: text(values, 'tenant-id'),
    payload: Buffer.from(event).toString('base64'),
    ...(port === undefined ? {} : { port }),
  };
  const call = { method: 'POST', path: 'debug-invocations', body } as const;
  for await (const line of controlLines({ ...values, endpoint }, context, call)) {
    const answer = follow(line as DebugLine, name, context);
    if (answer) return answer;
  }
  throw new Error('The server ended before the function did.');
}

function isAws(endpoint: string): boolean {
  return /\.(?:amazonaws\.com(?:\.cn)?|api\.aws)$/.test(new URL(endpoint).hostname);
}

type Waiting = Extract<DebugLine, { kind: 'waiting' }>;

function follow(line: DebugLine, name: string, context: CommandContext): InvokeAnswer | undefined {
  switch (line.kind) {
    case 'fetching':
      context.output.note('Fetching debugpy, the debugger for Python, from PyPI …');
      return undefined;
    case 'waiting':
      sayHowToAttach(line, name, context);
      return undefined;
    case 'failed':
      throw Object.assign(new Error(line.message), { name: line.code });
    case 'answered':
      return {
        payload: decode(line.payload),
        log: decode(line.log),
        ...(line.functionError === undefined ? {} : { error: line.functionError }),
      };
  }
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString();
}

function sayHowToAttach(waiting: Waiting, name: string, { output }: CommandContext): void {
  if (output.format === 'json') return output.json({ Waiting: waiting });
  const { protocol, port } = waiting;
  output.note(`Waiting for a debugger at 127.0.0.1:${port}; ${name} runs once it is attached. Ctrl-C gives up.

VS Code: add this to the configurations of .vscode/launch.json and press F5.
${indented(JSON.stringify(protocol === 'inspector' ? nodeAttach(waiting, name) : pythonAttach(waiting, name), null, 2))}
`);
  if (protocol === 'inspector') {
    output.note(`Chrome: open chrome://inspect${port === 9229 ? '' : ` and add 127.0.0.1:${port} under "Configure…"`}.
It stops on the first line of the handler, and at breakpoints that are set before.
`);
  } else {
    output.note('It stops at breakpoints that are set before, and at breakpoint() in the code.\n');
  }
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}

function nodeAttach({ port, taskRoot }: Waiting, name: string): object {
  return {
    name: `Attach to ${name}`,
    type: 'node',
    request: 'attach',
    address: '127.0.0.1',
    port,
    localRoot: `\${workspaceFolder}`,
    remoteRoot: taskRoot,
    skipFiles: ['<node_internals>/**', '/var/runtime/**'],
  };
}

function pythonAttach({ port, taskRoot }: Waiting, name: string): object {
  return {
    name: `Attach to ${name}`,
    type: 'debugpy',
    request: 'attach',
    connect: { host: '127.0.0.1', port },
    pathMappings: [{ localRoot: `\${workspaceFolder}`, remoteRoot: taskRoot }],
  };
}
