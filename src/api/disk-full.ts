/** What Node.js and the store call it: no space, no quota, a database that cannot grow. */
const FULL: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'full']);

/** Whether an error comes, in the end, from a disk without room: then the caller hears so, and may try again later. */
export function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ('code' in error && FULL.has(error.code)) || isDiskFull(error.cause);
}
