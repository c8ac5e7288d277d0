/** The runtime identifiers that AWS takes for new and changed functions, in the order of its model. */
const accepted: ReadonlySet<string> = new Set([
  'nodejs20.x',
  'python3.14',
  'provided.al2023',
  'python3.12',
  'python3.13',
  'nodejs24.x',
  'nodejs22.x',
  'java17',
  'nodejs16.x',
  'java25',
  'dotnet8',
  'python3.10',
  'java11',
  'python3.11',
  'dotnet6',
  'java21',
  'nodejs18.x',
  'provided.al2',
  'ruby3.3',
  'ruby3.4',
  'java8.al2',
  'ruby3.2',
  'python3.8',
  'python3.9',
  'dotnet10',
  'ruby4.0',
  'java11.al2023',
  'java17.al2023',
  'java8.al2023',
  'nodejs26.x',
  'python3.15',
]);

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

export type RuntimeStanding = 'accepted' | 'retired' | 'unknown';

/** Whether AWS still takes this runtime identifier. Says nothing of whether this machine can run it. */
export function runtimeStanding(identifier: string): RuntimeStanding {
  if (accepted.has(identifier)) return 'accepted';
  return retired.has(identifier) ? 'retired' : 'unknown';
}

/** `[nodejs20.x, …]`, as AWS prints the set of a failed enum constraint. */
export function acceptedRuntimeSet(): string {
  return `[${[...accepted].join(', ')}]`;
}
