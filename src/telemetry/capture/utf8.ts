/** The largest index up to `at` where no character of the UTF-8 in `bytes` is cut. */
export function characterBoundary(bytes: Uint8Array, at: number): number {
  if (at >= bytes.length) return bytes.length;
  let boundary = at;
  // No character has more than three continuation bytes; in bytes that are not UTF-8 any cut is as good.
  while (boundary > at - 3 && boundary > 0 && isContinuation(bytes[boundary])) boundary--;
  return isContinuation(bytes[boundary]) ? at : boundary;
}

/** The smallest index from `at` on where a character of the UTF-8 in `bytes` begins. */
export function nextCharacter(bytes: Uint8Array, at: number): number {
  let next = at;
  while (isContinuation(bytes[next])) next++;
  return next;
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
