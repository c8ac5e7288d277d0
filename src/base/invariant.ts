/** A bug in Hearth itself: something that the code relies on does not hold. */
export class InvariantViolation extends Error {
  override readonly name = 'InvariantViolation';
}

/** States what must hold here; throws `InvariantViolation` where it does not. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantViolation(message);
}
