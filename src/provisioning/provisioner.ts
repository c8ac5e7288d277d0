import { type CancelTimer, type Clock, type Log } from '../base/index.ts';
import type { FunctionKey, LiveLookup, ProvisionedConcurrency } from '../functions/index.ts';
import type { Scheduler } from '../scheduler/index.ts';
import type { Allocation } from './allocation.ts';
import { Configuration, notYet, type ProvisioningStatus } from './configuration.ts';

interface ProvisionerParts {
  readonly configs: ProvisionedConcurrency;
  readonly lookup: Pick<LiveLookup, 'onChange' | 'invalidate'>;
  readonly scheduler: Pick<Scheduler, 'startAhead'>;
  /** Service time, which stamps configurations. */
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Starts at once: more would only contend, and hold up the invocations that wait for environments of their own. (AWS
 * provisions 6,000 a minute; a machine of two cores starts some ten a second.)
 */
const STARTS_AT_ONCE = 4;
/** How long until a lost environment for which there was no room is tried for again. */
const RETRY_MS = 30_000;

/** Keeps the environments of provisioned concurrency as the configurations want them: a loop that compares and acts. */
export class Provisioner {
  readonly #parts: ProvisionerParts;
  /** By function, then by qualifier. */
  readonly #functions = new Map<string, Map<string, Configuration>>();
  /** Functions that are being compared, and whether another change came meanwhile. */
  readonly #comparing = new Map<string, { again: boolean }>();
  readonly #running = new Set<Promise<void>>();
  #starting = 0;
  #cancelRetry: CancelTimer | undefined;
  #closed = false;

  constructor(parts: ProvisionerParts) {
    this.#parts = parts;
    parts.lookup.onChange((key) => this.#changed(key));
  }

  /** Starts, in the background, whatever is configured; not before environments can reach the server. */
  async start(): Promise<void> {
    for (const key of await this.#parts.configs.functions()) this.#expect(key);
  }

  /** Rejects in AWS's words; what is answered is on disk, and the environments follow. */
  async put(key: FunctionKey, qualifier: string, requested: number): Promise<void> {
    const lastModifiedMs = this.#parts.clock.nowMs();
    await this.#parts.configs.put(key, { qualifier, requested, lastModifiedMs });
    this.#functions.get(keyText(key))?.get(qualifier)?.renew();
    this.#expect(key);
    this.#parts.lookup.invalidate(key);
  }

  async delete(key: FunctionKey, qualifier: string): Promise<void> {
    await this.#parts.configs.delete(key, qualifier);
    this.#parts.lookup.invalidate(key);
  }

  /** Of a configuration that is there. */
  status(key: FunctionKey, qualifier: string): ProvisioningStatus {
    const text = keyText(key);
    const status = this.#functions.get(text)?.get(qualifier)?.status ?? notYet;
    // A change is on disk whose environments are still to come or to go.
    if (status.status === 'READY' && this.#comparing.has(text)) return { ...status, status: 'IN_PROGRESS' };
    return status;
  }

  /** Everything was deleted. */
  clear(): void {
    for (const configurations of this.#functions.values()) closeAll(configurations);
    this.#functions.clear();
  }

  /** Starts nothing more. What runs is the scheduler's to end. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelRetry?.();
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  #expect(key: FunctionKey): void {
    const text = keyText(key);
    if (!this.#functions.has(text)) this.#functions.set(text, new Map());
    this.#changed(key);
  }

  /** Of a function for which nothing is provisioned, this is all that a change costs. */
  #changed(key: FunctionKey): void {
    const text = keyText(key);
    if (this.#closed || !this.#functions.has(text)) return;
    const comparing = this.#comparing.get(text);
    if (comparing) {
      comparing.again = true;
      return;
    }
    this.#track(this.#compare(key, text));
  }

  #track(work: Promise<void>): void {
    const running = work
      .catch((error: unknown) => this.#parts.log.error({ err: error }, 'provisioning failed'))
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async #compare(key: FunctionKey, text: string): Promise<void> {
    const progress = { again: true };
    this.#comparing.set(text, progress);
    try {
      while (progress.again && !this.#closed) {
        progress.again = false;
        await this.#apply(key, text);
      }
    } finally {
      this.#comparing.delete(text);
    }
  }

  async #apply(key: FunctionKey, text: string): Promise<void> {
    const plans = await this.#parts.configs.plans(key);
    const configurations = this.#functions.get(text);
    if (!configurations || this.#closed) return;
    const wanted = new Set(plans.map(({ qualifier }) => qualifier));
    for (const [qualifier, configuration] of configurations) {
      if (wanted.has(qualifier)) continue;
      configuration.close();
      configurations.delete(qualifier);
    }
    for (const plan of plans) configurationOf(configurations, plan.qualifier, this.#parts.clock).apply(plan);
    if (plans.length === 0) this.#functions.delete(text);
    this.#advance();
  }

  /** Starts what is missing, as many at once as may be. */
  #advance(): void {
    for (const allocation of this.#allocations()) {
      while (!this.#closed && allocation.missing > 0 && this.#starting < STARTS_AT_ONCE) {
        this.#starting++;
        this.#track(this.#start(allocation));
      }
    }
  }

  async #start(allocation: Allocation): Promise<void> {
    const { version } = allocation;
    try {
      await allocation.start(
        (gone) => this.#parts.scheduler.startAhead(version, gone),
        () => this.#changed(version),
      );
    } finally {
      this.#starting--;
      this.#advance();
      if (allocation.mayRecover) this.#retryLater();
    }
  }

  #retryLater(): void {
    if (this.#closed) return;
    this.#cancelRetry ??= this.#parts.clock.setTimer(RETRY_MS, () => {
      this.#cancelRetry = undefined;
      for (const allocation of this.#allocations()) if (allocation.mayRecover) allocation.retry();
      this.#advance();
    });
  }

  #allocations(): readonly Allocation[] {
    return [...this.#functions.values()].flatMap((configurations) =>
      [...configurations.values()].flatMap(({ allocations }) => allocations),
    );
  }
}

function configurationOf(
  configurations: Map<string, Configuration>,
  qualifier: string,
  clock: Clock,
): Configuration {
  const known = configurations.get(qualifier) ?? new Configuration(clock);
  configurations.set(qualifier, known);
  return known;
}

function closeAll(configurations: ReadonlyMap<string, Configuration>): void {
  for (const configuration of configurations.values()) configuration.close();
}

function keyText({ account, region, name }: FunctionKey): string {
  return `${account}/${region}/${name}`;
}
