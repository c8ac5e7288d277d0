import { PatternError, UnsupportedPattern } from './pattern-errors.ts';

export type Token =
  | { readonly kind: 'punctuation'; readonly text: '{' | '}' | '(' | ')' | '&&' | '||' }
  | { readonly kind: 'comparison'; readonly text: '=' | '!=' | '<' | '<=' | '>' | '>=' }
  | { readonly kind: 'selector'; readonly path: readonly (string | number)[] }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'word'; readonly text: string };

const token =
  /\s*(?:([{}()]|&&|\|\|)|(!=|<=|>=|=|<|>)|(\$(?:\.[\p{L}\p{N}_-]+|\[\d+\]|\.?\['[^']*'\])*)|"((?:[^"\\]|\\.)*)"|([^\s{}()=!<>&|"$]+))\s*/suy;

/** Cuts a JSON filter pattern into its parts. */
export function readTokens(pattern: string): readonly Token[] {
  const tokens: Token[] = [];
  token.lastIndex = 0;
  while (token.lastIndex < pattern.length) {
    const at = token.lastIndex;
    const match = token.exec(pattern);
    if (!match) throw new PatternError(`Invalid filter pattern: cannot read "${pattern.slice(at)}"`);
    tokens.push(tokenOf(match));
  }
  return tokens;
}

function tokenOf([, punctuation, comparison, selector, quoted, word = '']: RegExpExecArray): Token {
  if (punctuation !== undefined) return { kind: 'punctuation', text: punctuation as '{' };
  if (comparison !== undefined) return { kind: 'comparison', text: comparison as '=' };
  if (selector !== undefined) return { kind: 'selector', path: pathOf(selector) };
  if (quoted !== undefined) return { kind: 'string', text: quoted.replaceAll(/\\(.)/gs, '$1') };
  if (word.startsWith('[*]')) throw new UnsupportedPattern('wildcard selectors ([*])');
  if (word.startsWith('%')) throw new UnsupportedPattern('regular expressions (%…%)');
  return { kind: 'word', text: word };
}

/** `$.a.b[0]` is `['a', 'b', 0]`. */
function pathOf(selector: string): readonly (string | number)[] {
  const steps = selector.matchAll(/\.?\['([^']*)'\]|\.([\p{L}\p{N}_-]+)|\[(\d+)\]/gu);
  return [...steps].map(([, quoted, name, index]) =>
    index === undefined ? (quoted ?? name ?? '') : Number(index),
  );
}
