import type { LogFilter } from './filter-pattern.ts';
import { readTokens, type Token } from './json-tokens.ts';
import { PatternError } from './pattern-errors.ts';

type Condition = (event: unknown) => boolean;
type Scalar = (value: unknown) => boolean;

/** `{ condition }`; a message that is not JSON does not pass. */
export function parseJsonPattern(pattern: string): LogFilter {
  const tokens = new Tokens(readTokens(pattern));
  tokens.expect('{');
  const condition = parseAlternatives(tokens);
  tokens.expect('}');
  tokens.expectEnd();
  return (message) => {
    const event = parseJson(message);
    return event !== undefined && condition(event);
  };
}

function parseJson(message: string): unknown {
  if (!/^\s*[{[]/.test(message)) return undefined;
  try {
    return JSON.parse(message);
  } catch {
    return undefined;
  }
}

/** `&&` binds more tightly than `||`. */
function parseAlternatives(tokens: Tokens): Condition {
  const alternatives = [parseConjunction(tokens)];
  while (tokens.accept('||')) alternatives.push(parseConjunction(tokens));
  return (event) => alternatives.some((alternative) => alternative(event));
}

function parseConjunction(tokens: Tokens): Condition {
  const conditions = [parseCondition(tokens)];
  while (tokens.accept('&&')) conditions.push(parseCondition(tokens));
  return (event) => conditions.every((condition) => condition(event));
}

function parseCondition(tokens: Tokens): Condition {
  if (tokens.accept('(')) {
    const inner = parseAlternatives(tokens);
    tokens.expect(')');
    return inner;
  }
  const selector = tokens.next();
  if (selector.kind !== 'selector') throw unexpected(selector);
  const passes = parseTest(tokens);
  return (event) => passes(select(event, selector.path));
}

/** What is asked of the selected value, which is undefined where the event has none. */
function parseTest(tokens: Tokens): Scalar {
  const token = tokens.next();
  if (token.kind === 'comparison') return parseComparison(token.text, tokens.next());
  const phrase = token.kind === 'word' ? `${token.text} ${wordOf(tokens.next())}`.toUpperCase() : '';
  switch (phrase) {
    case 'IS NULL':
      return (value) => value === null;
    case 'IS TRUE':
      return (value) => value === true;
    case 'IS FALSE':
      return (value) => value === false;
    case 'NOT EXISTS':
      return (value) => value === undefined;
    default:
      throw unexpected(token);
  }
}

function parseComparison(operator: string, operand: Token): Scalar {
  if (operand.kind !== 'string' && operand.kind !== 'word') throw unexpected(operand);
  const number = operand.kind === 'word' ? parseNumber(operand.text) : undefined;
  if (number !== undefined) return (value) => typeof value === 'number' && compare(value, operator, number);
  if (operator !== '=' && operator !== '!=') {
    throw new PatternError(`Invalid filter pattern: ${operator} compares numbers only`);
  }
  const matches = wildcard(operand.text);
  return (value) => typeof value === 'string' && matches(value) === (operator === '=');
}

function parseNumber(text: string): number | undefined {
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text) : undefined;
}

function compare(value: number, operator: string, number: number): boolean {
  switch (operator) {
    case '=':
      return value === number;
    case '!=':
      return value !== number;
    case '<':
      return value < number;
    case '<=':
      return value <= number;
    case '>':
      return value > number;
    default:
      return value >= number;
  }
}

/** `*` stands for any text. By hand, since a regular expression with many stars would take exponential time. */
function wildcard(pattern: string): (text: string) => boolean {
  const parts = pattern.split('*');
  const [first = '', last = ''] = [parts[0], parts.at(-1)];
  if (parts.length === 1) return (text) => text === pattern;
  const middle = parts.slice(1, -1);
  return (text) => {
    if (!text.startsWith(first) || !text.endsWith(last)) return false;
    let at = first.length;
    for (const part of middle) {
      const found = text.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return at <= text.length - last.length;
  };
}

function select(event: unknown, path: readonly (string | number)[]): unknown {
  let value = event;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = Reflect.get(value, step);
  }
  return value;
}

class Tokens {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  next(): Token {
    const token = this.#tokens[this.#at++];
    if (!token) throw new PatternError('Invalid filter pattern: it ends too early');
    return token;
  }

  accept(punctuation: string): boolean {
    const token = this.#tokens[this.#at];
    const here = token?.kind === 'punctuation' && token.text === punctuation;
    if (here) this.#at++;
    return here;
  }

  expect(punctuation: string): void {
    if (!this.accept(punctuation)) throw unexpected(this.next());
  }

  expectEnd(): void {
    const token = this.#tokens[this.#at];
    if (token) throw unexpected(token);
  }
}

function wordOf(token: Token): string {
  return token.kind === 'word' ? token.text : '';
}

function unexpected(token: Token): PatternError {
  const text = token.kind === 'selector' ? '$' : token.text;
  return new PatternError(`Invalid filter pattern: unexpected "${text}"`);
}
