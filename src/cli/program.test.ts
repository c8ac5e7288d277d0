import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { type Command, exitCodes, wholeNumber } from './command.ts';
import { runProgram } from './program.ts';

const greet: Command = {
  name: 'greet',
  summary: 'Say hello',
  args: '<who>',
  flags: [
    { flags: '--times <number>', description: 'how often', default: '1' },
    { flags: '--with-title <title>', description: 'a title', repeat: true },
  ],
  examples: ['hearth greet Ada --times 2'],
  async run(values, [who], { output }) {
    const times = wholeNumber(values, 'times', 1, 3) ?? 1;
    if (output.format === 'json') output.json({ who, times, titles: values['with-title'] ?? [] });
    else output.table(['WHO', 'TIMES'], [[who ?? '', String(times)]], 'nobody');
    return exitCodes.ok;
  },
};

async function runLine(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const code = await runProgram([greet], {
    argv: ['node', 'hearth', ...argv],
    env: {},
    stdout,
    stderr,
    signal: new AbortController().signal,
    version: '0.0.0',
  });
  return { code, out: String(stdout.read() ?? ''), err: String(stderr.read() ?? '') };
}

test('a command gets its arguments and its flags, repeated ones as a list', async () => {
  const { code, out } = await runLine(
    'greet',
    'Ada',
    '--times',
    '2',
    '--with-title',
    'Dr',
    '--with-title',
    'Prof',
    '--output',
    'json',
  );
  expect(code).toBe(exitCodes.ok);
  expect(JSON.parse(out)).toEqual({ who: 'Ada', times: 2, titles: ['Dr', 'Prof'] });
});

test('a pipe gets a plain table', async () => {
  expect((await runLine('greet', 'Ada')).out).toBe('WHO  TIMES\nAda  1\n');
});

test('a value out of bounds is a usage error that names the flag', async () => {
  const { code, err } = await runLine('greet', 'Ada', '--times', '9');
  expect(code).toBe(exitCodes.usage);
  expect(err).toContain('--times takes a whole number from 1 to 3');
});

test('an unknown flag is a usage error', async () => {
  expect((await runLine('greet', 'Ada', '--loud')).code).toBe(exitCodes.usage);
});
