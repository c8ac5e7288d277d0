/** Why a runtime could not be added; the message is for the user and says what to do instead. */
export class CannotAddRuntime extends Error {
  override readonly name = 'CannotAddRuntime';
}
