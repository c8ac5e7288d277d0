import { readFileSync } from 'node:fs';
import type { Sandbox, SandboxForks, SandboxForkSpec } from '../../sandbox.ts';
import { SandboxError } from '../../sandbox-error.ts';
import type { SandboxRegistry } from '../../system/registry.ts';
import { Turns } from '../../system/turns.ts';
import type { UserIds } from '../../system/user-ids.ts';
import type { Keepsake, LaunchParts } from '../launch.ts';
import { planFork } from './fork-plan.ts';
import { type ForkTemplate, launchFork } from './launch-fork.ts';

/** Why nothing can be forked on this machine, in one sentence. */
export function cannotForkHere(): string | undefined {
  if (process.arch === 'x64') return undefined;
  return `Sandboxes are forked on x64 machines only; this one is ${process.arch}.`;
}

/** Forks of sandboxes that `runc` started. */
export class OciForks implements SandboxForks {
  readonly #parts: LaunchParts;
  readonly #registry: SandboxRegistry<Keepsake>;
  readonly #userIds: UserIds;
  /** A template is traced by one program at a time. */
  readonly #turns = new WeakMap<Sandbox, Turns>();

  constructor(parts: LaunchParts, registry: SandboxRegistry<Keepsake>, userIds: UserIds) {
    this.#parts = parts;
    this.#registry = registry;
    this.#userIds = userIds;
  }

  obstaclesTo(template: Sandbox): readonly string[] {
    const processes = this.#commandsOf(template);
    const others = processes.length - 1;
    if (others > 0) return [`it runs beside ${others} other ${others === 1 ? 'process' : 'processes'}`];
    return processes.flatMap((pid) => planFork(pid).obstacles);
  }

  fork(template: Sandbox, spec: SandboxForkSpec, letFork: () => void): Promise<Sandbox> {
    const turns = this.#turns.get(template) ?? new Turns(1);
    this.#turns.set(template, turns);
    return turns.run(() => this.#fork(template, spec, letFork));
  }

  async #fork(template: Sandbox, spec: SandboxForkSpec, letFork: () => void): Promise<Sandbox> {
    const { disks } = this.#parts;
    const [pid, ...others] = this.#commandsOf(template);
    const owned = this.#registry.keepsakeOf(template);
    if (!owned || pid === undefined || others.length > 0) throw noTemplate(template);
    const forkable: ForkTemplate = {
      pid,
      tmpPath: owned.disk.path,
      letFork: () => {
        template.thaw();
        letFork();
      },
      // It could kill, read and, by files that both have mapped, change its forks; so it runs only while it forks.
      freeze: () => template.freeze(),
    };
    try {
      return await this.#registry.startBy(
        spec.id,
        async () => ({ disk: await disks.take(spec.tmpBytes), uid: this.#userIds.share(owned.uid) }),
        (keepsake, onRemoved) => launchFork(this.#parts, { template: forkable, spec, keepsake, onRemoved }),
      );
    } finally {
      template.freeze();
    }
  }

  /** Host process ids of what a sandbox runs, without its process 1. */
  #commandsOf(sandbox: Sandbox): readonly number[] {
    const cgroup = this.#parts.cgroups.open(sandbox.id);
    try {
      return cgroup.processes().filter((pid) => !isFirst(pid));
    } finally {
      cgroup.close();
    }
  }
}

/** Process 1 of a sandbox is our own and is never forked. */
function isFirst(pid: number): boolean {
  const inside = /^NSpid:.*\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
  return inside === '1';
}

function noTemplate({ id }: Sandbox): SandboxError {
  return new SandboxError(`sandbox ${id} is gone, or runs more than one process`, { fault: 'machine' });
}
