import { acceptedRuntimeSet, awsError, runtimeStanding } from '../../model/index.ts';

/** Refuses identifiers that never were, as AWS does; a layer may still be for a retired runtime. */
export function checkCompatibleRuntimes(runtimes: readonly string[] | undefined): void {
  if (!runtimes?.some(isUnknown)) return;
  throw notInSet(
    `[${runtimes.join(', ')}]`,
    'compatibleRuntimes',
    `Member must satisfy constraint: [Member must satisfy enum value set: ${acceptedRuntimeSet()}, Member must not be null]`,
  );
}

/** The same for the filter of lists. */
export function checkCompatibleRuntime(runtime: string | undefined): void {
  if (runtime === undefined || !isUnknown(runtime)) return;
  throw notInSet(runtime, 'compatibleRuntime', `Member must satisfy enum value set: ${acceptedRuntimeSet()}`);
}

function isUnknown(runtime: string): boolean {
  return runtimeStanding(runtime) === 'unknown';
}

function notInSet(value: string, path: string, constraint: string): Error {
  return awsError(
    'ValidationException',
    `1 validation error detected: Value '${value}' at '${path}' failed to satisfy constraint: ${constraint}`,
  );
}
