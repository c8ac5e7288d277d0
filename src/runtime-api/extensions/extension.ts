import type { HttpConnection } from '../http/index.ts';
import { type ExtensionState, type ExtensionStep, nextExtensionState } from './extension-states.ts';

/** What an extension may ask to be told. */
export type ExtensionEventName = 'INVOKE' | 'SHUTDOWN';

/** One extension of one environment: external, a program of its own, or internal, a part of the runtime's process. */
export class Extension {
  readonly name: string;
  readonly id: string;
  readonly external: boolean;
  /** As it said itself, of an error that it reported. */
  errorType: string | undefined;
  events: readonly ExtensionEventName[] = [];
  #state: ExtensionState = 'Started';
  #waiting: HttpConnection | undefined;
  #undelivered: string | undefined;

  constructor(facts: { readonly name: string; readonly id: string; readonly external: boolean }) {
    this.name = facts.name;
    this.id = facts.id;
    this.external = facts.external;
  }

  get state(): ExtensionState {
    return this.#state;
  }

  /** False where the step is not allowed. */
  tryMove(step: ExtensionStep): boolean {
    const to = nextExtensionState(this.#state, step);
    if (to) this.#state = to;
    return to !== undefined;
  }

  /** Whether a question of its is open already. */
  get waits(): boolean {
    return this.#waiting !== undefined;
  }

  /** It asks for an event, and is told the one that came while it was not asking. */
  wait(connection: HttpConnection): void {
    this.#waiting = connection;
    this.#send();
  }

  /** Gives it an event, now if it asks, else as soon as it does. */
  deliver(event: string): void {
    this.#undelivered = event;
    this.#send();
  }

  disconnected(connection: HttpConnection): void {
    if (this.#waiting === connection) this.#waiting = undefined;
  }

  #send(): void {
    if (!this.#waiting || !this.#undelivered) return;
    // One that reported an error is told nothing more, though a question of its may be open.
    if (!this.tryMove('deliver')) return;
    const [connection, event] = [this.#waiting, this.#undelivered];
    this.#waiting = undefined;
    this.#undelivered = undefined;
    connection.reply([event]);
  }
}
