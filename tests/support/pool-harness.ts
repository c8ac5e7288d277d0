import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Log, randomIds, WallClock } from '../../src/base/index.ts';
import {
  type EnvironmentOutcome,
  type EnvironmentServices,
  environmentTimings,
  ExecutionEnvironment,
  expectColdStart,
  GenericPool,
  type PreparedVersion,
} from '../../src/environments/index.ts';
import type { FunctionVersion } from '../../src/model/index.ts';
import { MachineRuntimes } from '../../src/runtimes/index.ts';
import {
  createOciSandboxFactory,
  createProcessSandboxFactory,
  type Sandbox,
  type SandboxFactory,
  type SandboxSpec,
} from '../../src/sandbox/index.ts';
import { MemoryLogs, testVersion } from './environments.ts';
import { thisMachine } from './interpreters.ts';

export interface PoolHarnessOptions {
  readonly sandbox?: 'oci' | 'process';
  readonly perShape?: number;
  readonly total?: number;
  readonly isBusy?: () => boolean;
  readonly hasRoom?: (bytes: number) => boolean;
}

/** The code of a function or a layer: file name to text. */
export type Files = Readonly<Record<string, string>>;

export interface StartedFunction {
  readonly environment: ExecutionEnvironment;
  /** What the first invocation came to. */
  readonly outcome: EnvironmentOutcome;
  readonly payload: unknown;
  invoke(event: unknown): Promise<EnvironmentOutcome>;
}

/** A pool over real sandboxes and real interpreters, with environments that use it or not. */
export class PoolHarness {
  readonly pool: GenericPool;
  readonly logs = new MemoryLogs();
  readonly complaints: unknown[] = [];
  readonly folder: string;
  /** Those that were started without a function, and those that were started for one. */
  readonly generics: Sandbox[] = [];
  readonly ordinary: Sandbox[] = [];
  readonly #services: EnvironmentServices;
  readonly #factory: SandboxFactory;
  readonly #environments = new Set<ExecutionEnvironment>();
  #made = 0;
  #changed = Promise.withResolvers<void>();

  static async open(options: PoolHarnessOptions = {}): Promise<PoolHarness> {
    const folder = mkdtempSync(join(tmpdir(), 'hearth-pool-'));
    const create = options.sandbox === 'process' ? createProcessSandboxFactory : createOciSandboxFactory;
    const complaints: unknown[] = [];
    const log = recordingLog(complaints);
    const factory = await create({ stateDir: join(folder, 'state'), log, clock: new WallClock() });
    return new PoolHarness(options, { folder, factory, log, complaints });
  }

  private constructor(
    options: PoolHarnessOptions,
    parts: { folder: string; factory: SandboxFactory; log: Log; complaints: unknown[] },
  ) {
    const { folder, factory, log } = parts;
    this.folder = folder;
    this.complaints = parts.complaints;
    this.#factory = factory;
    const clock = new WallClock();
    const sandboxes = this.#watched(factory);
    this.pool = new GenericPool({
      sandboxes,
      clock,
      ids: randomIds,
      log,
      limits: { perShape: options.perShape ?? 1, total: options.total ?? 4 },
      launchesAtOnce: 1,
      isBusy: options.isBusy ?? (() => false),
      hasRoom: options.hasRoom ?? (() => true),
    });
    this.#services = {
      clock,
      serviceClock: clock,
      ids: randomIds,
      log,
      sandboxes,
      logs: this.logs,
      timings: environmentTimings,
      credentials: () => ({
        accessKeyId: 'key',
        secretAccessKey: 'secret',
        sessionToken: 'token',
        expiresAtMs: 0,
      }),
      listeners: [{ host: '169.254.100.1', port: 4_566, onConnection: (socket) => socket.destroy() }],
      prepare: () => Promise.reject(new Error('the harness prepares')),
    };
  }

  /** Starts an environment of its own for a function and invokes it once; from scratch without the pool. */
  async start(
    changes: Partial<FunctionVersion>,
    code: { readonly files: Files; readonly layer?: Files; readonly event?: unknown },
    { pooled = true }: { readonly pooled?: boolean } = {},
  ): Promise<StartedFunction> {
    const version = testVersion(changes);
    const prepared = await this.#prepare(version, code);
    const services = pooled ? { ...this.#services, pool: this.pool } : this.#services;
    const tell = (): void => this.#tell();
    const owner = { available: tell, closing: tell, closed: tell };
    const environment = new ExecutionEnvironment(version, prepared, { services, owner });
    this.#environments.add(environment);
    const invoke = (event: unknown): Promise<EnvironmentOutcome> => this.#invoke(environment, event);
    const outcome = await invoke(code.event ?? {});
    return { environment, outcome, payload: JSON.parse(Buffer.from(outcome.payload).toString()), invoke };
  }

  /** Tells the pool that a function was deployed. */
  async expect(changes: Partial<FunctionVersion>, code: { readonly files: Files }): Promise<void> {
    const version = testVersion(changes);
    const prepare = (): Promise<PreparedVersion> => this.#prepare(version, code);
    await expectColdStart(version, { ...this.#services, pool: this.pool, prepare });
  }

  async #prepare(
    version: FunctionVersion,
    code: { readonly files: Files; readonly layer?: Files },
  ): Promise<PreparedVersion> {
    const task = this.#write(code.files);
    const opt = code.layer && this.#write(code.layer);
    return { plan: await this.runtimes.plan(version), task, ...(opt ? { opt } : {}) };
  }

  get runtimes(): MachineRuntimes {
    this.#runtimes ??= new MachineRuntimes(thisMachine(join(this.folder, 'runtimes')));
    return this.#runtimes;
  }
  #runtimes: MachineRuntimes | undefined;

  /** Resolves as soon as the condition holds; looked at whenever something happens to a sandbox or an environment. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await this.#changed.promise;
  }

  /** Resolves when so many wait in the pool. */
  ready(count: number): Promise<void> {
    return this.until(() => this.pool.status.ready === count && this.pool.status.starting === 0);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#environments].map((environment) => environment.close()));
    await this.pool.close();
    await this.#factory.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #invoke(environment: ExecutionEnvironment, event: unknown): Promise<EnvironmentOutcome> {
    const payload = Buffer.from(JSON.stringify(event));
    const invocation = {
      requestId: `request-${++this.#made}`,
      invokedFunctionArn: 'arn:fn',
      payload,
      tail: true,
    };
    const outcome = await new Promise<EnvironmentOutcome>((resolve, reject) =>
      environment.invoke(invocation, { resolve, reject }),
    );
    await this.until(() => !['invoking', 'finishing', 'ending'].includes(environment.state));
    return outcome;
  }

  #write(files: Files): string {
    const folder = join(this.folder, `code-${++this.#made}`);
    for (const [name, text] of Object.entries(files)) {
      const path = join(folder, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
      // Whoever cannot write here is kept from it by the mount alone.
      for (const open of [folder, dirname(path), path]) chmodSync(open, 0o777);
    }
    return folder;
  }

  /** The factory's own sandboxes, each telling when it is frozen or ends. */
  #watched(factory: SandboxFactory): SandboxFactory {
    const watch = (sandbox: Sandbox, spec: SandboxSpec): Sandbox => {
      (spec.lateMountPoints ? this.generics : this.ordinary).push(sandbox);
      const freeze = sandbox.freeze.bind(sandbox);
      sandbox.freeze = () => {
        freeze();
        this.#tell();
      };
      void sandbox.exited.then(() => this.#tell());
      return sandbox;
    };
    return {
      capabilities: factory.capabilities,
      start: async (spec) => watch(await factory.start(spec), spec),
      restart: async (previous, spec) => watch(await factory.restart(previous, spec), spec),
      sweep: () => factory.sweep(),
      close: () => factory.close(),
    };
  }

  /** After whoever caused it has taken note. */
  #tell(): void {
    setImmediate(() => {
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    });
  }
}

function recordingLog(complaints: unknown[]): Log {
  const record = (...said: unknown[]): void => void complaints.push(said);
  const log: Log = { debug() {}, info() {}, warn: record, error: record, child: () => log };
  return log;
}
