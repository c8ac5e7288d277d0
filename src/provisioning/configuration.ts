import type { Clock } from '../base/index.ts';
import type { ProvisionedPlan } from '../functions/index.ts';
import { Allocation, type AllocationStatus } from './allocation.ts';

/** AWS gives no environments to `$LATEST`, where somebody pointed the alias to it since. */
const UNPUBLISHED = 'Provisioned Concurrency Configs cannot be applied to unpublished function versions.';

/** What a configuration came to, in the words of the API. */
export type ProvisioningStatus = AllocationStatus;

export const notYet: ProvisioningStatus = { status: 'IN_PROGRESS', allocated: 0, available: 0 };

/** One provisioned concurrency configuration at work: an allocation for each version that it is for. */
export class Configuration {
  readonly #clock: Clock;
  /** By deployment. */
  readonly #allocations = new Map<string, Allocation>();
  #plan: ProvisionedPlan | undefined;
  #renewed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get allocations(): readonly Allocation[] {
    return [...this.#allocations.values()];
  }

  /** It was put again, so that what failed is tried anew with the next `apply`. */
  renew(): void {
    this.#renewed = true;
  }

  /** Brings the allocations to what is wanted now. */
  apply(plan: ProvisionedPlan): void {
    this.#plan = plan;
    const runnable = plan.shares.filter(({ version }) => version.state === 'Active');
    const wanted = new Map(runnable.map((share) => [share.version.deploymentId, share]));
    for (const [id, allocation] of this.#allocations) {
      if (wanted.has(id)) continue;
      allocation.close();
      this.#allocations.delete(id);
    }
    for (const [id, { version, count }] of wanted) this.#allocate(id, { version, count });
    this.#renewed = false;
  }

  close(): void {
    for (const allocation of this.#allocations.values()) allocation.close();
    this.#allocations.clear();
  }

  get status(): ProvisioningStatus {
    const states = this.allocations.map((allocation) => allocation.status);
    const counts = {
      allocated: states.reduce((sum, { allocated }) => sum + allocated, 0),
      available: states.reduce((sum, { available }) => sum + available, 0),
    };
    const failure = this.#impossible() ?? states.find(({ status }) => status === 'FAILED')?.reason;
    if (failure !== undefined) return { status: 'FAILED', reason: failure, ...counts };
    const pending = this.#plan?.shares.some(({ version }) => version.state !== 'Active') ?? true;
    const ready = !pending && states.every(({ status }) => status === 'READY');
    return { status: ready ? 'READY' : 'IN_PROGRESS', ...counts };
  }

  #allocate(id: string, share: ProvisionedPlan['shares'][number]): void {
    const known = this.#allocations.get(id);
    if (!known) this.#allocations.set(id, new Allocation(share.version, share.count, this.#clock));
    else if (this.#renewed || known.count !== share.count) known.resize(share.count);
  }

  #impossible(): string | undefined {
    if (!this.#plan) return undefined;
    if (this.#plan.shares.length === 0) return UNPUBLISHED;
    return this.#plan.shares.find(({ version }) => version.state === 'Failed')?.version.stateReason?.reason;
  }
}
