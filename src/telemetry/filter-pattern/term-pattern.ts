import type { LogFilter } from './filter-pattern.ts';
import { PatternError, UnsupportedPattern } from './pattern-errors.ts';

type Role = 'required' | 'excluded' | 'optional';

interface Term {
  readonly role: Role;
  readonly text: string;
}

/**
 * Terms are searched for as they are written, upper and lower case told apart. All required ones must be there and no excluded
 * one; optional ones count only where there are no others, and then one of them must be there.
 */
export function parseTermPattern(pattern: string): LogFilter {
  const terms = parseTerms(pattern);
  const texts = (role: Role): string[] => terms.filter((term) => term.role === role).map(({ text }) => text);
  const [required, excluded, optional] = [texts('required'), texts('excluded'), texts('optional')];
  if (required.length + excluded.length === 0 && optional.length > 0) {
    return (message) => optional.some((text) => message.includes(text));
  }
  return (message) =>
    required.every((text) => message.includes(text)) && !excluded.some((text) => message.includes(text));
}

/** One term: `-` or `?`, then a quoted phrase, in which `\` takes the next character as it is, or a word. */
const term = /\s*([-?]?)(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))(?=\s|$)/suy;

function parseTerms(pattern: string): readonly Term[] {
  const terms: Term[] = [];
  term.lastIndex = 0;
  while (term.lastIndex < pattern.length) {
    const at = term.lastIndex;
    const match = term.exec(pattern);
    if (!match) throw new PatternError(`Invalid filter pattern: cannot read "${pattern.slice(at)}"`);
    const [, sign = '', quoted, word] = match;
    terms.push({ role: roleOf(sign), text: quoted === undefined ? parseWord(word ?? '') : unescape(quoted) });
  }
  return terms;
}

function roleOf(sign: string): Role {
  if (sign === '-') return 'excluded';
  return sign === '?' ? 'optional' : 'required';
}

function parseWord(word: string): string {
  if (/^%.*%$/s.test(word)) throw new UnsupportedPattern('regular expressions (%…%)');
  if (!/^[\p{L}\p{N}_]+$/u.test(word)) {
    throw new PatternError(`Invalid character(s) in term '${word}'`);
  }
  return word;
}

function unescape(quoted: string): string {
  return quoted.replaceAll(/\\(.)/gs, '$1');
}
