import { expect, test } from 'vitest';
import { Output } from './output.ts';

const terminal = { isTTY: true, write: () => true };
const pipe = { write: () => true };

const hostile = '\u001b]0;title\u0007\u001b[2J\u001b[31mred\u001b[0m\ttab\r\u0000\u007f\u009b5n\nline';

test('what a function wrote keeps its colours on a terminal, and commands nothing else', () => {
  expect(new Output('text', terminal, terminal).untrusted(hostile)).toBe(
    '\u241b]0;title\u2407\u241b[2J\u001b[31mred\u001b[0m\ttab\u240d\u2400\u2421\ufffd5n\nline',
  );
});

test('in a pipe it arrives as it is', () => {
  expect(new Output('text', pipe, pipe).untrusted(hostile)).toBe(hostile);
});
