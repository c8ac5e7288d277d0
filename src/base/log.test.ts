import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { createLog, type LogLevel, ManualClock } from './index.ts';

function capture(level: LogLevel, forPeople: boolean) {
  const lines: string[] = [];
  const clock = new ManualClock(Date.UTC(2026, 0, 2, 3, 4, 5));
  const log = createLog(level, { forPeople, write: (text) => lines.push(text) }, clock);
  return { log, lines };
}

test('in a pipe each entry is one line of JSON, with the fields of its parents', () => {
  const { log, lines } = capture('info', false);
  log.child({ part: 'edge' }).info({ port: 4566 }, 'listening\non all');
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^[^\n]*\n$/);
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    time: '2026-01-02T03:04:05.000Z',
    level: 'info',
    message: 'listening\non all',
    part: 'edge',
    port: 4566,
  });
});

test('an error keeps name, message, facts and cause, under whatever name it is passed', () => {
  const { log, lines } = capture('info', false);
  const cause = new TypeError('the reason');
  const error = Object.assign(new Error('it broke', { cause }), { code: 'EBROKEN' });
  log.error({ error }, 'failed');
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    error: {
      name: 'Error',
      message: 'it broke',
      code: 'EBROKEN',
      stack: expect.stringContaining('log.test.ts'),
      cause: { name: 'TypeError', message: 'the reason' },
    },
  });
});

test('on a terminal an entry is a line for people, and an error shows where it came from', () => {
  const { log, lines } = capture('info', true);
  log.warn({ function: 'hello', reason: 'two words', error: new Error('it broke') }, 'It went wrong');
  const text = stripVTControlCharacters(lines[0] ?? '');
  expect(text.split('\n')[0]).toBe(
    '03:04:05 warn  It went wrong function=hello reason="two words" error="it broke"',
  );
  expect(text).toContain('log.test.ts');
});

test('what a field holds cannot steer the terminal', () => {
  const { log, lines } = capture('info', true);
  const error = new Error('\u001b[2Jgone');
  error.stack = 'Error\n    at \u001b[2J\u0007evil';
  log.warn({ path: '/a\u001b]0;title\u0007', error }, 'refused');
  // Only the colour of the level.
  expect(lines[0]?.split('\u001b')).toHaveLength(3);
  expect(lines[0]).not.toContain('\u0007');
});

test('fields that have no JSON are named, and do no harm', () => {
  const { log, lines } = capture('info', false);
  const loop: { self?: object } = {};
  loop.self = loop;
  log.info({ loop }, 'round and round');
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ message: 'round and round', unprintable: ['loop'] });
});

test('entries below the level are not written, and silent writes none', () => {
  const warnings = capture('warn', false);
  warnings.log.info({}, 'no');
  warnings.log.child({}).debug({}, 'no');
  warnings.log.warn({}, 'yes');
  expect(warnings.lines).toHaveLength(1);
  const silence = capture('silent', false);
  silence.log.error({}, 'no');
  expect(silence.lines).toEqual([]);
});
