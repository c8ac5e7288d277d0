/**
 * Longer values are not matched at all but count as not matching: the model's patterns are polynomial at worst, and
 * a hostile value must cost microseconds. Shapes that allow more (policy documents) say so by their `max`.
 */
const LONGEST_MATCHED_CHARS = 4_096;

/** Tells whether a whole value matches, as Java's `Matcher.matches` does; compiles on first use. */
export function patternMatcher(pattern: string, max = 0): (value: string) => boolean {
  let compiled: RegExp | undefined;
  return (value) => {
    if (value.length > Math.max(LONGEST_MATCHED_CHARS, max)) return false;
    compiled ??= compile(pattern);
    return compiled.test(value);
  };
}

/** Java's and JavaScript's syntaxes agree on the model's patterns; `\p{L}` and pairs of surrogates ask for the `u` flag. */
function compile(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern})$`, /\\p\{|\\uD800\\uDC00/.test(pattern) ? 'u' : '');
}
