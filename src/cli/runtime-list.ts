import type { RuntimeDescription } from '../runtimes/index.ts';
import type { Output } from './output.ts';

/** One line for each runtime: whether it runs here, and what runs it or the command that adds it. */
export function printRuntimes(output: Output, runtimes: readonly RuntimeDescription[]): void {
  for (const { identifier, interpreter, howToAdd } of runtimes) {
    const ok = howToAdd === undefined;
    const mark = output.style(ok ? 'green' : 'dim', ok ? 'ok' : 'no');
    output.item({ mark, name: identifier, text: howToAdd ? `to add: ${howToAdd}` : sourceOf(interpreter) });
  }
}

function sourceOf(interpreter: RuntimeDescription['interpreter']): string {
  if (!interpreter || interpreter.path === 'bootstrap') return 'the function brings its own bootstrap';
  return `${interpreter.version} at ${interpreter.path}`;
}
