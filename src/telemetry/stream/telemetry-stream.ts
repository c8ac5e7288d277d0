import type { Clock } from '../../base/index.ts';
import type { ConnectInside } from './destination.ts';
import { TelemetrySubscriber } from './subscriber.ts';
import type { TelemetrySubscription } from './subscription.ts';
import type { TelemetryEvent } from './telemetry-event.ts';

/** What is kept of an Init for whoever subscribes during it. */
const BACKLOG = { events: 10_000, characters: 1_048_576 };

interface TelemetryStreamOptions {
  readonly clock: Clock;
  readonly connect: ConnectInside;
  /** The function logs in the JSON format: its lines are objects where the subscription's schema knows them. */
  readonly jsonLogs: boolean;
}

/**
 * What the extensions of one environment are told of its events (Telemetry API and Logs API). Made at each Init, and
 * dropped after it where nobody subscribed: a warm invocation then makes no event.
 */
export class TelemetryStream {
  readonly #options: TelemetryStreamOptions;
  readonly #subscribers = new Map<string, TelemetrySubscriber>();
  #backlog: TelemetryEvent[] | undefined = [];
  #backlogCharacters = 0;

  constructor(options: TelemetryStreamOptions) {
    this.#options = options;
  }

  get hasSubscribers(): boolean {
    return this.#subscribers.size > 0;
  }

  /** A delivery is under way; to freeze now would cut it off. */
  get active(): boolean {
    for (const subscriber of this.#subscribers.values()) if (subscriber.active) return true;
    return false;
  }

  publish(event: TelemetryEvent): void {
    if (this.#backlog) this.#keep(this.#backlog, event);
    for (const subscriber of this.#subscribers.values()) subscriber.take(event);
  }

  #keep(backlog: TelemetryEvent[], event: TelemetryEvent): void {
    const characters = typeof event.record === 'string' ? event.record.length : 0;
    if (backlog.length >= BACKLOG.events || this.#backlogCharacters + characters > BACKLOG.characters) return;
    this.#backlogCharacters += characters;
    backlog.push(event);
  }

  /** Replaces the extension's subscription, where it has one; a new one begins with what happened before it. */
  subscribe(extension: string, subscription: TelemetrySubscription): void {
    const known = this.#subscribers.get(extension);
    const subscriber = new TelemetrySubscriber({ ...this.#options, subscription });
    this.#subscribers.set(extension, subscriber);
    known?.close();
    if (!known) for (const event of this.#backlog ?? []) subscriber.take(event);
  }

  /** Init is over: nobody subscribes any more. */
  closeSubscriptions(): void {
    this.#backlog = undefined;
  }

  pause(): void {
    for (const subscriber of this.#subscribers.values()) subscriber.pause();
  }

  resume(): void {
    for (const subscriber of this.#subscribers.values()) subscriber.resume();
  }

  /** Sends what waits for anybody; resolves when each arrived or failed once. */
  async flush(): Promise<void> {
    await Promise.all([...this.#subscribers.values()].map((subscriber) => subscriber.flush()));
  }

  close(): void {
    for (const subscriber of this.#subscribers.values()) subscriber.close();
  }
}
