/**
 * The runtime identifiers that AWS accepts for new and updated functions (runtimes page, autumn 2026), in the order in
 * which they stand in its error messages.
 */
const accepted = [
  'nodejs20.x',
  'python3.14',
  'provided.al2023',
  'python3.12',
  'java17',
  'nodejs16.x',
  'dotnet8',
  'python3.10',
  'java11',
  'python3.11',
  'dotnet10',
  'dotnet6',
  'java21',
  'nodejs18.x',
  'nodejs22.x',
  'nodejs24.x',
  'java25',
  'provided.al2',
  'java8.al2',
  'ruby3.2',
  'ruby3.3',
  'ruby3.4',
  'ruby4.0',
  'python3.8',
  'python3.9',
  'python3.13',
] as const;

/** Known once, refused now with a text of its own. */
const retired = [
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
] as const;

export type RuntimeStanding = 'accepted' | 'retired' | 'unknown';

const acceptedNames: ReadonlySet<string> = new Set(accepted);
const retiredNames: ReadonlySet<string> = new Set(retired);

/** Whether AWS still takes this runtime identifier. Says nothing of whether this machine can run it. */
export function runtimeStanding(identifier: string): RuntimeStanding {
  if (acceptedNames.has(identifier)) return 'accepted';
  return retiredNames.has(identifier) ? 'retired' : 'unknown';
}

/** `[nodejs20.x, …]`, as AWS prints the set of a failed enum constraint. */
export function acceptedRuntimeSet(): string {
  return `[${accepted.join(', ')}]`;
}
