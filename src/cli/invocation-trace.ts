import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { Output } from './output.ts';

/** One phase of an invocation, in the order in which they followed one another. */
export interface Phase {
  readonly name: string;
  readonly durationMs: number;
}

/** Asks Hearth for the phases of what this client invokes; `phases` gives those of the latest answer. */
export function traceInvocations(client: LambdaClient): { phases(): readonly Phase[] } {
  let phases: readonly Phase[] = [];
  client.middlewareStack.add(
    (next) => async (args) => {
      const { request } = args;
      if (hasHeaders(request)) request.headers['x-hearth-trace'] = '1';
      const answer = await next(args);
      if (hasHeaders(answer.response)) phases = parsePhases(answer.response.headers['x-hearth-phases'] ?? '');
      return answer;
    },
    // Before it is signed, so that the signature covers the question too.
    { step: 'build', name: 'traceInvocations' },
  );
  return { phases: () => phases };
}

function hasHeaders(message: unknown): message is { headers: Record<string, string> } {
  return typeof message === 'object' && message !== null && 'headers' in message;
}

/** `queue;dur=0.41, init;dur=3.2`. */
export function parsePhases(header: string): readonly Phase[] {
  return [...header.matchAll(/([\w-]+);dur=([\d.]+)/g)].map(([, name = '', duration]) => ({
    name,
    durationMs: Number(duration),
  }));
}

/** What happens in a phase, for those who see its name for the first time. */
const MEANINGS: Readonly<Record<string, string>> = {
  receive: 'who calls, and the payload',
  queue: 'admission, and a free environment',
  prepare: 'code, layers and runtime on this machine',
  pool: 'a waiting environment from the pool',
  mounts: 'its limits, code and layers',
  sandbox: 'a new sandbox with a running interpreter',
  runtime: 'the bootstrap, until it connects',
  init: "the function's own code, until it is ready",
  invoke: 'the handler',
  answer: 'back to the caller',
};

const BAR_COLUMNS = 32;

/** One bar for each phase, where it lies in the whole. */
export function printWaterfall(phases: readonly Phase[], output: Output): void {
  if (phases.length === 0) return output.note('The server says nothing of phases: it is no Hearth.');
  const totalMs = phases.reduce((sum, { durationMs }) => sum + durationMs, 0);
  let beforeMs = 0;
  for (const { name, durationMs } of phases) {
    const from = columns(beforeMs, totalMs);
    beforeMs += durationMs;
    const width = Math.max(1, columns(beforeMs, totalMs) - from);
    const bar = `${' '.repeat(Math.min(from, BAR_COLUMNS - 1))}${'█'.repeat(width)}`.padEnd(BAR_COLUMNS + 1);
    output.note(`${name.padEnd(9)}${milliseconds(durationMs)}  ${bar}${MEANINGS[name] ?? ''}`.trimEnd());
  }
  output.note(`${'total'.padEnd(9)}${milliseconds(totalMs)}`);
}

function columns(partMs: number, totalMs: number): number {
  return totalMs === 0 ? 0 : Math.round((partMs / totalMs) * BAR_COLUMNS);
}

function milliseconds(value: number): string {
  return `${value.toFixed(2).padStart(8)} ms`;
}
