import { type FunctionVersion, limits } from '../model/index.ts';
import type { SandboxListener } from '../sandbox/index.ts';
import { type FixedSpec, unbound } from './pool/fixed-part.ts';
import type { EnvironmentServices } from './services.ts';

/** The address of the Runtime API inside every environment, as on AWS. */
const RUNTIME_API = { host: '169.254.100.1', port: 9_001 } as const;

/** What an environment calls itself: where its extensions listen for telemetry. */
const OWN_NAMES = { sandbox: '127.0.0.1', 'sandbox.localdomain': '127.0.0.1' } as const;

/** What of a sandbox follows from the version's configuration alone, whatever will run in it. */
export function fixedSpecOf(
  version: FunctionVersion,
  services: EnvironmentServices,
  onConnection: SandboxListener['onConnection'],
): FixedSpec {
  const [endpoint, ...others] = services.listeners;
  return {
    ...boundsOf(version),
    openFiles: limits.openFiles,
    listeners: [{ ...RUNTIME_API, onConnection }, endpoint, ...others],
    hosts: { ...OWN_NAMES, ...services.hosts },
    ...(services.network?.(version) === 'none' ? { network: 'none' } : {}),
  };
}

/** What every sandbox of this version may use. */
export function boundsOf({ ephemeralStorageMiB, memoryMiB }: FunctionVersion) {
  return {
    tmpBytes: ephemeralStorageMiB * 1_048_576,
    memoryBytes: memoryMiB * 1_048_576,
    pids: limits.processes,
  };
}

/**
 * A version was deployed, and may be called soon: brings it onto this machine and has the pool get ready for its first cold
 * start. Nobody waits for this; what fails here will be said where it is needed.
 */
export async function expectColdStart(
  version: FunctionVersion,
  services: EnvironmentServices,
): Promise<void> {
  const { pool } = services;
  if (!pool) return;
  try {
    const prepared = await services.prepare(version);
    pool.expect(prepared, unbound(fixedSpecOf(version, services, () => undefined)));
  } catch (cause) {
    services.log.debug({ cause, function: version.name }, 'nothing was made ready for a cold start');
  }
}
