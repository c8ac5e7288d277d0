import { join } from 'node:path';
import {
  chooseSandbox,
  createOciSandboxFactory,
  createProcessSandboxFactory,
  type SandboxFactory,
} from '../sandbox/index.ts';
import type { Start } from './ground.ts';
import type { HearthOptions } from './options.ts';

const NO_HOST_PORTS =
  '--allow-host-port opens nothing here: with the process sandbox functions reach every port of this machine at 127.0.0.1, and host.docker.internal is no name to them.';

export const NO_FILE_SYSTEMS =
  'The process sandbox mounts no file systems: they take the oci sandbox (hearth doctor).';

export interface OpenSandboxes {
  readonly sandboxes: SandboxFactory;
  readonly notes: readonly string[];
}

/** The asked-for adapter, swept of what a crashed server left; `auto` takes the best that works and says what it misses. */
export async function openSandboxes({ options, folder, log, clock, closing }: Start): Promise<OpenSandboxes> {
  const stateDir = join(folder, 'sandboxes');
  const choice = options.sandbox === 'auto' ? chooseSandbox() : { kind: options.sandbox };
  const create = choice.kind === 'process' ? createProcessSandboxFactory : createOciSandboxFactory;
  const sandboxes = await create({ stateDir, log, clock });
  closing.defer(() => sandboxes.close());
  const { removed } = await sandboxes.sweep();
  if (removed.length > 0) log.info({ removed }, 'swept what an earlier server left');
  const missed = choice.kind === 'process' ? missedByProcesses(options) : [];
  return { sandboxes, notes: [...(choice.notice === undefined ? [] : [choice.notice]), ...missed] };
}

/** What was asked for and takes more than plain processes. */
function missedByProcesses({ allowedHostPorts, fileSystems }: HearthOptions): readonly string[] {
  return [
    ...(allowedHostPorts.length > 0 ? [NO_HOST_PORTS] : []),
    ...(fileSystems.length > 0 ? [NO_FILE_SYSTEMS] : []),
  ];
}
