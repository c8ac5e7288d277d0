import { expect, test } from 'vitest';
import { parsePhases, printWaterfall } from './invocation-trace.ts';
import { Output } from './output.ts';

function printed(header: string): string[] {
  const lines: string[] = [];
  const terminal = { write: (text: string) => lines.push(text) };
  printWaterfall(parsePhases(header), new Output('text', { write: () => 0 }, terminal));
  return lines.join('').trimEnd().split('\n');
}

test('each phase has a bar where it lies in the whole', () => {
  const lines = printed('queue;dur=1.000, init;dur=6.004, invoke;dur=1.000');
  expect(lines).toHaveLength(4);
  expect(lines[0]).toBe(
    'queue        1.00 ms  ████                             admission, and a free environment',
  );
  expect(lines[1]).toMatch(/^init {9}6\.00 ms {6}█{24} {5}the function/);
  expect(lines[2]).toMatch(/^invoke {7}1\.00 ms {30}█{4} the handler$/);
  expect(lines[3]).toBe('total        8.00 ms');
});

test('a phase too short for a column is seen, and one that is not known is printed', () => {
  expect(printed('queue;dur=0.0, surprise;dur=1.0')[0]).toMatch(/^queue {8}0\.00 ms {2}█ /);
  expect(printed('queue;dur=0.0, surprise;dur=1.0')[1]).toMatch(/^surprise {5}1\.00 ms {2}█{32}$/);
  expect(printed('a;dur=0, b;dur=0')).toHaveLength(3);
});

test('a server that says nothing of phases is named for what it is', () => {
  expect(printed('')).toEqual(['The server says nothing of phases: it is no Hearth.']);
});
