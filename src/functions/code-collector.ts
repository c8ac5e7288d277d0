import type { CancelTimer, Clock, Log } from '../base/index.ts';
import { limits } from '../model/index.ts';
import type { Images } from '../images/index.ts';
import type { Database } from '../store/index.ts';
import type { CodeStore } from './code/code-store.ts';
import { readReferencedCode } from './code-usage-store.ts';

/** Environments of a deleted version may still be at their last invocation; then some room for their end. */
const GRACE_MS = (limits.timeoutSeconds.max + 300) * 1_000;

interface CodeCollectorParts {
  readonly database: Database;
  readonly code: CodeStore;
  readonly images?: Images | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** Removes code that nothing refers to: at start and at a reset at once, otherwise only what was unreferenced for a grace period. */
export class CodeCollector {
  readonly #parts: CodeCollectorParts;
  /** Unreferenced at the last look, and nobody stopped using it since. */
  #condemned = new Set<string>();
  #cancel: CancelTimer | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(parts: CodeCollectorParts) {
    this.#parts = parts;
  }

  /** Spares nothing that no version refers to: for moments at which nothing runs. */
  async collectAll(): Promise<void> {
    await this.#running;
    const { database, log } = this.#parts;
    const removed = await this.#sweep((keys) => readReferencedCode(database, keys));
    if (removed.length > 0) log.info({ removed: removed.length }, 'removed unused code');
  }

  /** Something went: look after the grace period. Where environments may still run from `freed`, its period starts anew. */
  schedule(freed: readonly string[] = []): void {
    for (const key of freed) this.#condemned.delete(key);
    this.#cancel ??= this.#parts.clock.setTimer(GRACE_MS, () => {
      this.#cancel = undefined;
      this.#running = this.#collect().catch((error: unknown) => {
        this.#parts.log.warn({ error: String(error) }, 'could not remove unused code');
      });
    });
  }

  /** Resolves once no removal is under way. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async close(): Promise<void> {
    this.#cancel?.();
    await this.#running;
  }

  async #collect(): Promise<void> {
    const { database, log } = this.#parts;
    const fresh = new Set<string>();
    const removed = await this.#sweep(async (keys) => {
      const kept = new Set(await readReferencedCode(database, keys));
      for (const key of keys) {
        if (kept.has(key) || this.#condemned.has(key)) continue;
        fresh.add(key);
        kept.add(key);
      }
      return kept;
    });
    this.#condemned = fresh;
    if (fresh.size > 0) this.schedule();
    if (removed.length > 0) log.info({ removed: removed.length }, 'removed unused code');
  }

  async #sweep(referenced: Parameters<CodeStore['sweep']>[0]): Promise<readonly string[]> {
    const { code, images } = this.#parts;
    return [...(await code.sweep(referenced)), ...((await images?.sweep(referenced)) ?? [])];
  }
}
