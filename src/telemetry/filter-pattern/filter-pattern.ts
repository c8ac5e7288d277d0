import { parseJsonPattern } from './json-pattern.ts';
import { PatternError, UnsupportedPattern } from './pattern-errors.ts';
import { parseTermPattern } from './term-pattern.ts';

/** Whether a log event's message passes. */
export type LogFilter = (message: string) => boolean;

/**
 * CloudWatch Logs' filter pattern (user guide, "Filter pattern syntax"): terms (`ERROR`, `"two words"`, `-not`,
 * `?either ?or`) and JSON (`{ $.level = "error" && $.ms > 100 }`). Throws `PatternError` for what AWS refuses, and
 * `UnsupportedPattern` for regular expressions and space-delimited patterns.
 */
export function parseFilterPattern(pattern: string): LogFilter {
  const trimmed = pattern.trim();
  if (trimmed.startsWith('[')) throw new UnsupportedPattern('space-delimited patterns ([a, b, …])');
  if (trimmed.startsWith('{')) return parseJsonPattern(trimmed);
  return parseTermPattern(trimmed);
}

export { PatternError, UnsupportedPattern };
