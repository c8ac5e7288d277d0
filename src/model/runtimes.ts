/** Runtimes that AWS once had: still in its model, refused for new and changed functions with a text of their own. */
const retired: ReadonlySet<string> = new Set([
  'dotnetcore1.0',
  'dotnetcore2.0',
  'dotnetcore2.1',
  'dotnetcore3.1',
  'go1.x',
  'java8',
  'nodejs',
  'nodejs10.x',
  'nodejs12.x',
  'nodejs14.x',
  'nodejs4.3',
  'nodejs4.3-edge',
  'nodejs6.10',
  'nodejs8.10',
  'provided',
  'python2.7',
  'python3.6',
  'python3.7',
  'ruby2.5',
  'ruby2.7',
]);

/**
 * Whether AWS no longer lets anyone use this identifier (runtimes page, autumn 2026). Identifiers that never were are
 * refused by the service model before.
 */
export function isRetiredRuntime(identifier: string): boolean {
  return retired.has(identifier);
}
