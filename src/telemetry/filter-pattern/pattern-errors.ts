/** A filter pattern that is none. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
}

/** A filter pattern that AWS has and Hearth does not. */
export class UnsupportedPattern extends Error {
  override readonly name = 'UnsupportedPattern';
}
