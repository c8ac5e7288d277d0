import type { Ids } from '../../base/index.ts';
import {
  InvalidSubscription,
  parseSubscription,
  type TelemetryApi,
  type TelemetrySubscription,
} from '../../telemetry/index.ts';
import { errorReply, type HttpConnection, type HttpRequest } from '../http/index.ts';
import type { SessionExtras } from '../runtime-session.ts';
import { Extension } from './extension.ts';
import {
  ACCEPTED,
  CLOSED,
  DISABLED,
  EMPTY_NAME,
  encodeInvokeEvent,
  encodeShutdownEvent,
  INVALID_ID,
  type InvokeEvent,
  METHOD,
  MISSING_ERROR_TYPE,
  MISSING_ID,
  NAME_TAKEN,
  NOT_FOUND,
  refused,
  replyWith,
  type ShutdownReason,
  SUBSCRIBED,
} from './extension-replies.ts';
import { extensionRefusal } from './extension-states.ts';
import { parseRegisterRequest } from './register-request.ts';

/** How many may register with one environment, as on AWS. */
export const MAX_EXTENSIONS = 10;

/** What a request may carry: lists of events and subscriptions are small, an error's trace is not kept. */
const BODY_BYTES = 65_536;
/** Of a name and of an error type, which stand in the log; a file's name has no more. */
const NAME_CHARACTERS = 255;

const EXTENSION = '/2020-01-01/extension/';
const TELEMETRY = '/2022-07-01/telemetry';
const LOGS = '/2020-08-15/logs';

/** Told what the extensions do, synchronously, in the order in which they do it. */
export interface ExtensionsObserver {
  /** One registered, or became Ready. */
  progressed(): void;
  /** One reported an error after which it cannot go on. */
  failed(errorType: 'Extension.InitError' | 'Extension.ExitError'): void;
  subscribed(extension: Extension, subscription: TelemetrySubscription): void;
}

export interface ExtensionsApiOptions {
  readonly ids: Ids;
  readonly functionName: string;
  readonly functionVersion: string;
  readonly handler: string;
  readonly accountId: string;
  /** Names of the programs that are started beside the runtime. */
  readonly external: readonly string[];
  /** False where a layer turned extensions off: nothing of this is then found. */
  readonly enabled: boolean;
  readonly observer: ExtensionsObserver;
}

/**
 * The Extensions API (2020-01-01) of one environment, and the requests of the Telemetry API (2022-07-01) and the Logs API
 * (2020-08-15), on the same connections as the Runtime API. What comes in is untrusted, as there.
 */
export class ExtensionsApi implements SessionExtras {
  readonly #options: ExtensionsApiOptions;
  readonly #extensions: Extension[] = [];
  readonly #apis = new Map<string, TelemetryApi>();
  #open = true;

  constructor(options: ExtensionsApiOptions) {
    this.#options = options;
    for (const name of options.external) this.#add(name, true);
  }

  /** All of them, whatever became of them, in the order in which they were started or registered. */
  get extensions(): readonly Extension[] {
    return this.#extensions;
  }

  /** Whether the environment has to wait for one before it can go on. */
  get busy(): boolean {
    return this.#extensions.some(({ state }) => state !== 'Ready');
  }

  /** Every external one has registered, so that the runtime may start. */
  get registered(): boolean {
    return this.#extensions.every(({ state }) => state !== 'Started');
  }

  /** Init is over. */
  closeRegistration(): void {
    this.#open = false;
  }

  /** Tells those who asked for it, all of whom are Ready. */
  invoke(event: InvokeEvent): void {
    for (const extension of this.#extensions) {
      if (!extension.events.includes('INVOKE')) continue;
      extension.deliver(encodeInvokeEvent(this.#options.ids.uuid(), event));
      extension.tryMove('deliver');
    }
  }

  /** Tells those who asked for it, as soon as they ask for an event. */
  shutdown(reason: ShutdownReason, deadlineMs: number): void {
    for (const extension of this.#extensions) {
      if (!extension.events.includes('SHUTDOWN')) continue;
      extension.deliver(encodeShutdownEvent(this.#options.ids.uuid(), reason, deadlineMs));
    }
  }

  handle(request: HttpRequest, connection: HttpConnection): boolean {
    const { target } = request.head;
    if (target !== TELEMETRY && target !== LOGS && !target.startsWith(EXTENSION)) return false;
    if (!this.#options.enabled) connection.reply([DISABLED]);
    else if (request.oversized || request.body.length > BODY_BYTES) connection.reply([tooLarge]);
    else this.#route(request, connection);
    return true;
  }

  disconnected(connection: HttpConnection): void {
    for (const extension of this.#extensions) extension.disconnected(connection);
  }

  #route(request: HttpRequest, connection: HttpConnection): void {
    const { method, target } = request.head;
    const route = ROUTES[target];
    if (!route) return connection.reply([NOT_FOUND]);
    if (route.method !== method) return connection.reply([METHOD]);
    if (route.call === 'register') return connection.reply([this.#register(request)]);
    const extension = this.#callerOf(request, route.call);
    if (typeof extension === 'string') return connection.reply([extension]);
    if (route.call === 'next') return this.#next(extension, connection);
    const reply =
      route.call === 'telemetry' || route.call === 'logs'
        ? this.#subscribe(extension, route.call, request)
        : this.#error(extension, route.call, request);
    connection.reply([reply]);
  }

  #register(request: HttpRequest): string {
    const name = request.head.headers.get('lambda-extension-name') ?? '';
    if (name === '' || name.length > NAME_CHARACTERS) return EMPTY_NAME;
    const external = this.#extensions.find((known) => known.external && known.name === name);
    const parsed = parseRegisterRequest(request.body, external !== undefined);
    if (typeof parsed === 'string') return parsed;
    const extension = external ?? this.#newInternal(name);
    if (typeof extension === 'string') return extension;
    const { state } = extension;
    if (!extension.tryMove('register')) return invalidState(extensionRefusal(state, 'register', name));
    extension.events = parsed.events;
    this.#options.observer.progressed();
    return this.#registration(extension, request.head.headers.get('lambda-extension-accept-feature') ?? '');
  }

  #newInternal(name: string): Extension | string {
    if (!this.#open) return CLOSED;
    if (this.#extensions.some((known) => known.name === name)) return NAME_TAKEN;
    if (this.#extensions.length >= MAX_EXTENSIONS) {
      return refused('TooManyExtensions', `Extension limit (${MAX_EXTENSIONS}) reached`);
    }
    return this.#add(name, false);
  }

  #add(name: string, external: boolean): Extension {
    const extension = new Extension({ name, external, id: this.#options.ids.uuid() });
    this.#extensions.push(extension);
    return extension;
  }

  #registration({ id }: Extension, features: string): string {
    const { functionName, functionVersion, handler, accountId } = this.#options;
    const wantsAccount = features.split(',').some((feature) => feature.trim() === 'accountId');
    return replyWith(`Lambda-Extension-Identifier: ${id}`, {
      functionName,
      functionVersion,
      handler,
      ...(wantsAccount ? { accountId } : {}),
    });
  }

  #callerOf({ head }: HttpRequest, call: Call): Extension | string {
    const id = head.headers.get('lambda-extension-identifier') ?? '';
    if (id === '') return MISSING_ID;
    if (!UUID.test(id)) return INVALID_ID;
    const extension = this.#extensions.find((known) => known.id === id.toLowerCase());
    if (extension) return extension;
    const ofError = call === 'init-error' || call === 'exit-error';
    return refused(
      'UnknownExtensionIdentifier',
      ofError ? 'Unknown Lambda-Extension-Identifier' : `Unknown extension ${id.toLowerCase()}`,
    );
  }

  #next(extension: Extension, connection: HttpConnection): void {
    const { state } = extension;
    // Whoever asked before and lost the connection asks again.
    const again = state === 'Ready' && !extension.waits;
    if (!again && !extension.tryMove('next')) {
      return connection.reply([invalidState(extensionRefusal(state, 'next', extension.id))]);
    }
    extension.wait(connection);
    if (!again) this.#options.observer.progressed();
  }

  #error(extension: Extension, step: 'init-error' | 'exit-error', { head }: HttpRequest): string {
    const errorType = head.headers.get('lambda-extension-function-error-type') ?? '';
    if (errorType === '') return MISSING_ERROR_TYPE;
    const { state } = extension;
    if (!extension.tryMove(step)) return invalidState(extensionRefusal(state, step, extension.id));
    extension.errorType ??= errorType.slice(0, NAME_CHARACTERS);
    this.#options.observer.failed(step === 'init-error' ? 'Extension.InitError' : 'Extension.ExitError');
    return ACCEPTED;
  }

  #subscribe(extension: Extension, api: TelemetryApi, { body }: HttpRequest): string {
    if (!this.#open) return subscriptionClosed[api];
    const prefix = api === 'logs' ? 'Logs.' : '';
    if ((this.#apis.get(extension.id) ?? api) !== api) {
      return errorReply(
        400,
        `${prefix}ValidationError`,
        'An extension uses either the Logs API or the Telemetry API',
      );
    }
    try {
      const subscription = parseSubscription(api, body.toString());
      this.#apis.set(extension.id, api);
      this.#options.observer.subscribed(extension, subscription);
      return SUBSCRIBED;
    } catch (error) {
      if (!(error instanceof InvalidSubscription)) throw error;
      return errorReply(400, `${prefix}ValidationError`, error.message);
    }
  }
}

type Call = 'register' | 'next' | 'init-error' | 'exit-error' | TelemetryApi;

const ROUTES: Readonly<Record<string, { readonly method: string; readonly call: Call }>> = {
  [`${EXTENSION}register`]: { method: 'POST', call: 'register' },
  [`${EXTENSION}event/next`]: { method: 'GET', call: 'next' },
  [`${EXTENSION}init/error`]: { method: 'POST', call: 'init-error' },
  [`${EXTENSION}exit/error`]: { method: 'POST', call: 'exit-error' },
  [TELEMETRY]: { method: 'PUT', call: 'telemetry' },
  [LOGS]: { method: 'PUT', call: 'logs' },
};

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const tooLarge = errorReply(
  413,
  'RequestEntityTooLarge',
  `Exceeded maximum allowed payload size (${BODY_BYTES} bytes).`,
);

const subscriptionClosed: Readonly<Record<TelemetryApi, string>> = {
  telemetry: errorReply(403, 'Telemetry.SubscriptionClosed', 'Telemetry API subscription is closed'),
  logs: errorReply(403, 'Logs.SubscriptionClosed', 'Logs API subscription is closed already'),
};

function invalidState(text: string): string {
  return refused('InvalidExtensionState', text);
}
