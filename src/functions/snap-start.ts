import { awsError, type FunctionVersion, limits, notImplemented, type StateReason } from '../model/index.ts';

/** Who takes and keeps the snapshots of published versions; absent where nobody does. */
export interface VersionSnapshots {
  /** Why this machine can take none, in one sentence. */
  readonly unavailable?: string;
  /**
   * Runs the version's Init. Gives why there is no snapshot; rejects when it was interrupted, and is called again at the
   * next start.
   */
  take(version: FunctionVersion): Promise<StateReason | undefined>;
  /** Lets go of what `take` made for a version that is gone. */
  discard(deploymentId: string): Promise<void>;
}

interface SnapStartSettings {
  readonly runtime: string;
  readonly ephemeralStorageMiB: number;
  readonly snapStart?: true;
  readonly tenantIsolation?: FunctionVersion['tenantIsolation'];
  readonly fileSystems?: FunctionVersion['fileSystems'];
}

/** Refuses in AWS's words what AWS refuses. */
export function checkSnapStart(settings: SnapStartSettings): void {
  const { runtime, ephemeralStorageMiB, snapStart, fileSystems = [] } = settings;
  if (!snapStart) return;
  if (fileSystems.length > 0) throw invalid('SnapStart is not supported for functions with file systems.');
  if (runtime !== OF_AN_IMAGE && !isForkablePython(runtime) && !hasSnapStartOnAws(runtime)) {
    throw invalid(`${runtime} is not supported for SnapStart enabled functions.`);
  }
  if (ephemeralStorageMiB > limits.ephemeralStorageMiB.min) {
    throw invalid('SnapStart does not support functions with ephemeral storage greater than 512 MB.');
  }
}

/** Python 3.12 and later, as on AWS. */
function isForkablePython(runtime: string): boolean {
  const minor = /^python3\.(\d+)$/.exec(runtime)?.[1];
  return minor !== undefined && Number(minor) >= 12;
}

function invalid(message: string): Error {
  return awsError('InvalidParameterValueException', message);
}

/** 501 with the reason where AWS has it, and Hearth or this machine has not. */
export function requireSnapshots(
  operation: string,
  snapshots: VersionSnapshots | undefined,
  { runtime, snapStart, tenantIsolation }: SnapStartSettings,
): void {
  if (!snapStart) return;
  if (tenantIsolation) throw invalid('SnapStart is not supported for functions with tenant isolation.');
  if (runtime === OF_AN_IMAGE)
    throw notImplemented(operation, MEMBER, 'Deploy a zip: images are not restored.');
  if (hasSnapStartOnAws(runtime))
    throw notImplemented(operation, MEMBER, `${ONLY_FORKS} Use None with ${runtime}.`);
  if (snapshots && snapshots.unavailable === undefined) return;
  throw notImplemented(operation, MEMBER, snapshots?.unavailable ?? 'Use None.');
}

/** The runtime of a container image has no name. */
const OF_AN_IMAGE = '';
const MEMBER = 'SnapStart.ApplyOn';
const ONLY_FORKS =
  'It forks the process that ran Init, which a JVM and a .NET process do not survive; a JDK with checkpoint and restore may lift that for Java.';

/** Java 11 and .NET 8, and later. */
function hasSnapStartOnAws(runtime: string): boolean {
  return /^(java(?!8)|dotnet(?!6))/.test(runtime);
}
