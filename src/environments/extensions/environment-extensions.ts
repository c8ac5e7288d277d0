import type { FunctionVersion } from '../../model/index.ts';
import {
  type Extension,
  ExtensionsApi,
  type ExtensionsObserver,
  type InvokeEvent,
  MAX_EXTENSIONS,
  type SessionExtras,
  type ShutdownReason,
} from '../../runtime-api/index.ts';
import type { CompanionExit, InsideView, Sandbox, SandboxCompanions } from '../../sandbox/index.ts';
import { type TelemetrySubscription, TelemetryStream } from '../../telemetry/index.ts';
import { type ExtensionFailure, extensionExitText } from '../failures.ts';
import type { Journal } from '../journal.ts';
import type { EnvironmentServices } from '../services.ts';
import { type ExternalExtensions, findExternalExtensions } from './external-extensions.ts';
import { shutDown } from './shutdown.ts';
import type { InitPhase } from './telemetry-records.ts';

export interface EnvironmentExtensionsObserver {
  /** One is done with Init, or with an invocation. */
  extensionReady(): void;
  extensionFailed(failure: ExtensionFailure): void;
}

interface EnvironmentExtensionsOptions {
  readonly version: FunctionVersion;
  readonly services: EnvironmentServices;
  readonly journal: Journal;
  readonly phase: InitPhase;
  readonly observer: EnvironmentExtensionsObserver;
}

type RequestHandler = SessionExtras['handle'];

/** What AWS does not show to extensions, and what is meant for our own bootstraps alone. */
const WITHHELD_VARIABLES = [
  'AWS_EXECUTION_ENV',
  'AWS_LAMBDA_LOG_GROUP_NAME',
  'AWS_LAMBDA_LOG_STREAM_NAME',
  'AWS_XRAY_CONTEXT_MISSING',
  'AWS_XRAY_DAEMON_ADDRESS',
  'LAMBDA_RUNTIME_DIR',
  'LAMBDA_TASK_ROOT',
  '_AWS_XRAY_DAEMON_ADDRESS',
  '_AWS_XRAY_DAEMON_PORT',
  '_HANDLER',
  '_LAMBDA_TELEMETRY_LOG_FD',
  'HEARTH_OPT_DIR',
  'HEARTH_RUNTIME_SOCKET',
];

/** Times that a freeze is put off for telemetry under way, 100 ms each: a destination must not keep it from ever coming. */
const FREEZES_PUT_OFF = 20;

/** The extensions of one start of an environment: what runs beside its runtime, and what they are told. */
export class EnvironmentExtensions implements SessionExtras {
  readonly #options: EnvironmentExtensionsOptions;
  readonly #telemetry: TelemetryStream;
  #external: ExternalExtensions = { enabled: true, names: [] };
  #api: ExtensionsApi | undefined;
  #sandbox: Sandbox | undefined;
  #initOver = false;
  #runtimeRuns = false;
  #ending = false;
  #putOff = 0;

  constructor(options: EnvironmentExtensionsOptions) {
    this.#options = options;
    this.#telemetry = new TelemetryStream({
      clock: options.services.clock,
      connect: (port) => this.#connect(port),
      jsonLogs: options.version.logging.format === 'JSON',
    });
    options.journal.beginTelemetry(this.#telemetry, options.phase);
  }

  async #connect(port: number): ReturnType<Sandbox['connect']> {
    if (!this.#sandbox) throw new Error('the environment does not run yet');
    return this.#sandbox.connect(port);
  }

  /** Whether the environment has to wait for one. */
  get busy(): boolean {
    return this.#api !== undefined && this.#api.busy;
  }

  /** Whether the end of the environment takes time. */
  get present(): boolean {
    return this.#api !== undefined && this.#api.extensions.length > 0;
  }

  // --- Init

  /** Looks what there is to start. */
  async find(opt: string | undefined): Promise<void> {
    this.#external = await findExternalExtensions(opt);
    if (this.#external.names.length > 0) this.#open();
  }

  /** What runs beside the runtime; undefined where nothing does. */
  companions(inside: InsideView): SandboxCompanions | undefined {
    const names = this.#external.names.slice(0, MAX_EXTENSIONS);
    if (names.length === 0) return undefined;
    const folder = `${inside.path('/opt')}/extensions`;
    return { programs: names.map((name) => `${folder}/${name}`), withheld: WITHHELD_VARIABLES };
  }

  /** Follows what was started; the runtime starts when all have registered. */
  attach(sandbox: Sandbox): void {
    this.#sandbox = sandbox;
    this.#runtimeRuns = sandbox.companions.length === 0;
    const extensions = this.#api?.extensions.filter(({ external }) => external) ?? [];
    for (const [index, companion] of sandbox.companions.entries()) {
      this.#options.journal.followExtension(companion.output);
      const extension = extensions[index];
      if (extension) void companion.exited.then((exit) => this.#exited(extension, exit));
    }
    for (const extension of extensions.slice(MAX_EXTENSIONS)) this.#refuseToStart(extension);
    this.#startRuntime();
  }

  #startRuntime(): void {
    if (this.#ending || this.#runtimeRuns || !this.#sandbox || !this.#api?.registered) return;
    this.#runtimeRuns = true;
    this.#sandbox.startCommand();
  }

  #refuseToStart(extension: Extension): void {
    extension.tryMove('launch-error');
    extension.errorType = 'TooManyExtensions';
    this.#fail('Extension.LaunchError', `Extension limit (${MAX_EXTENSIONS}) reached`);
  }

  /** Init went well, or failed: nobody registers or subscribes any more, and the log says what became of each. */
  initOver(): void {
    if (this.#initOver) return;
    this.#initOver = true;
    this.#telemetry.closeSubscriptions();
    this.#api?.closeRegistration();
    for (const { name, state, events, errorType } of this.#api?.extensions ?? []) {
      this.#options.journal.extension({
        name,
        state,
        events,
        ...(errorType === undefined ? {} : { errorType }),
      });
    }
  }

  /** After everything of Init was told: where nobody subscribed, nothing is made for nobody any more. */
  endTelemetryOfInit(): void {
    if (!this.#telemetry.hasSubscribers) this.#options.journal.endTelemetry();
  }

  // --- Invoke

  /** Only when all are Ready. */
  invoked(event: InvokeEvent): void {
    this.#api?.invoke(event);
    if (!this.#telemetry.hasSubscribers) return;
    this.#putOff = 0;
    this.#telemetry.resume();
  }

  /** False where telemetry is on its way, or would be cut off. */
  mayFreeze(): boolean {
    if (!this.#telemetry.hasSubscribers) return true;
    if (this.#putOff === 0) void this.#telemetry.flush();
    if (this.#telemetry.active && this.#putOff++ < FREEZES_PUT_OFF) return false;
    this.#telemetry.pause();
    return true;
  }

  // --- Shutdown

  /** Gives the runtime and the extensions their time to end; without extensions there is none. */
  async shutDown(reason: ShutdownReason): Promise<void> {
    const [api, sandbox] = [this.#api, this.#sandbox];
    if (this.#ending) return;
    this.#ending = true;
    if (!api || !sandbox || api.extensions.length === 0) return;
    this.#telemetry.resume();
    await shutDown({
      sandbox,
      api,
      reason,
      clock: this.#options.services.clock,
      runtimeRuns: this.#runtimeRuns,
      flush: () => this.#telemetry.flush(),
    });
  }

  close(): void {
    this.#ending = true;
    this.#telemetry.close();
  }

  // --- what they do

  handle(...[request, connection]: Parameters<RequestHandler>): boolean {
    return (this.#api ?? this.#open()).handle(request, connection);
  }

  disconnected(connection: Parameters<SessionExtras['disconnected']>[0]): void {
    this.#api?.disconnected(connection);
  }

  /** Most functions never get as far as this. */
  #open(): ExtensionsApi {
    const { version, services } = this.#options;
    this.#api = new ExtensionsApi({
      ids: services.ids,
      functionName: version.name,
      functionVersion: version.version,
      handler: version.handler,
      accountId: version.account,
      external: this.#external.names.slice(0, MAX_EXTENSIONS + 1),
      enabled: this.#external.enabled,
      observer: this.#observer,
    });
    if (this.#initOver) this.#api.closeRegistration();
    return this.#api;
  }

  readonly #observer: ExtensionsObserver = {
    progressed: () => {
      this.#startRuntime();
      this.#options.observer.extensionReady();
    },
    failed: (errorType) => this.#reported(errorType),
    subscribed: (extension, subscription) => this.#subscribe(extension, subscription),
  };

  #subscribe({ id, name }: Extension, subscription: TelemetrySubscription): void {
    this.#telemetry.subscribe(id, subscription);
    this.#options.journal.subscription({ api: subscription.api, name, types: subscription.types });
  }

  /** It is to exit by itself now, as a runtime is after such a report. */
  #reported(errorType: string): void {
    const { clock, timings } = this.#options.services;
    clock.setTimer(timings.initErrorGraceMs, () => this.#fail(errorType, 'the extension reported an error'));
  }

  #exited(extension: Extension, exit: CompanionExit): void {
    if (this.#ending) return;
    const reported = { InitError: 'Extension.InitError', ExitError: 'Extension.ExitError' };
    const { state } = extension;
    const text = extensionExitText(exit);
    if ('launchError' in exit) {
      extension.tryMove('launch-error');
      extension.errorType = exit.launchError === 'EACCES' ? 'PermissionDenied' : 'UnknownError';
      this.#fail('Extension.LaunchError', `fork/exec /opt/extensions/${extension.name}: ${text}`);
    } else {
      extension.tryMove('exit');
      extension.errorType ??= 'Extension.Crash';
      const known = state === 'InitError' || state === 'ExitError' ? reported[state] : undefined;
      this.#fail(known ?? 'Extension.Crash', text);
    }
  }

  #fail(errorType: string, message: string): void {
    if (!this.#ending) this.#options.observer.extensionFailed({ kind: 'extension', errorType, message });
  }
}
