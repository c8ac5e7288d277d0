/** A compiled pattern of a policy: literal characters and the two wildcards. */
export type PolicyPattern = readonly PatternToken[];

type PatternToken = string | typeof anyRun | typeof anyOne;

const anyRun = Symbol('*');
const anyOne = Symbol('?');

/** Looks up a policy variable such as `aws:username`; absent keys give undefined. */
export type VariableLookup = (key: string) => string | undefined;

/**
 * Compiles `*` (any run), `?` (any one character) and the variables `${key}` and `${key, 'default'}`. What a variable stands for is taken
 * literally, as are `${*}`, `${?}` and `${$}`. Undefined where a variable has neither value nor default: then nothing matches.
 * (IAM user guide, "Policy elements: variables and tags".)
 */
export function compilePattern(text: string, lookup: VariableLookup): PolicyPattern | undefined {
  return expand(text, lookup)?.flatMap((piece) => {
    const characters = piece.text.split('');
    return piece.literal ? characters : characters.map(tokenOf);
  });
}

/** Fills in the variables of a text whose wildcards are plain characters. Undefined as for `compilePattern`. */
export function fillVariables(text: string, lookup: VariableLookup): string | undefined {
  return expand(text, lookup)
    ?.map((piece) => piece.text)
    .join('');
}

function tokenOf(character: string): PatternToken {
  if (character === '*') return anyRun;
  return character === '?' ? anyOne : character;
}

interface Piece {
  readonly text: string;
  /** Stood in a variable: its wildcards are characters. */
  readonly literal: boolean;
}

function expand(text: string, lookup: VariableLookup): readonly Piece[] | undefined {
  const pieces: Piece[] = [];
  let at = 0;
  for (const variable of text.matchAll(/\$\{([^}]*)\}/g)) {
    const value = variableValue(variable[1] ?? '', lookup);
    if (value === undefined) return undefined;
    pieces.push({ text: text.slice(at, variable.index), literal: false }, { text: value, literal: true });
    at = variable.index + variable[0].length;
  }
  pieces.push({ text: text.slice(at), literal: false });
  return pieces;
}

function variableValue(expression: string, lookup: VariableLookup): string | undefined {
  if (expression === '*' || expression === '?' || expression === '$') return expression;
  const comma = expression.indexOf(',');
  if (comma === -1) return lookup(expression.trim());
  const fallback = expression.slice(comma + 1).trim();
  return lookup(expression.slice(0, comma).trim()) ?? fallback.replace(/^'([^']*)'$/, '$1');
}

/**
 * Whether the pattern covers the whole text. Looks back to the last `*` only, so the work never exceeds
 * pattern × text steps, whatever the pattern: a policy is hostile input.
 */
export function matchesPattern(pattern: PolicyPattern, text: string): boolean {
  let at = 0;
  let token = 0;
  let resumeToken = -1;
  let resumeAt = 0;
  while (at < text.length) {
    const expected = pattern[token];
    if (expected === anyRun) {
      resumeToken = token + 1;
      resumeAt = at;
      token = resumeToken;
    } else if (expected === anyOne || expected === text.charAt(at)) {
      token += 1;
      at += 1;
    } else if (resumeToken !== -1) {
      resumeAt += 1;
      at = resumeAt;
      token = resumeToken;
    } else {
      return false;
    }
  }
  while (pattern[token] === anyRun) token += 1;
  return token === pattern.length;
}
