import { mkdirSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import {
  autoscalingOperations,
  createApi,
  ecrOperations,
  ec2Operations,
  iamMigrations,
  iamOperations,
  lambdaOperations,
  logsOperations,
  type AutoscalingServices,
  serviceApi,
  stsOperations,
  xrayOperations,
} from './api/index.ts';
import { autoscalingMigrations, ScalingStore, ScheduledScaling } from './autoscaling/index.ts';
import { loadServiceModel, SessionCredentials, SignatureVerifier } from './aws-protocol/index.ts';
import { createLog, type Log, type LogLevel, randomIds, secretFile, WallClock } from './base/index.ts';
import {
  AccessKeys,
  accessKeysMigrations,
  Authenticator,
  ControlPlane,
  createEdge,
  type Edge,
  keyRoutes,
  ListeningAddress,
  operatorToken,
} from './edge/index.ts';
import {
  type EnvironmentServices,
  environmentTimings,
  expectColdStart,
  GenericPool,
  LateSnapshots,
  roleSessionOf,
  Snapshots,
} from './environments/index.ts';
import {
  type AllowedFolder,
  DOWNLOAD_PATH,
  FileSystems,
  type FunctionsModule,
  functionSettingsMigrations,
  functionsMigrations,
  openFunctions,
  openSettings,
  type SettingsModule,
  type SubnetNetwork,
  Vpc,
} from './functions/index.ts';
import { Images, parseNamedRegistry } from './images/index.ts';
import type { FunctionVersion } from './model/index.ts';
import { DebugInvoker, FunctionInvoker } from './invoke/index.ts';
import { operatorRoutes, type ServerFacts } from './operator/index.ts';
import {
  localMachine,
  type Machine,
  MachineRuntimes,
  planImage,
  RuntimeDebuggers,
} from './runtimes/index.ts';
import {
  chooseSandbox,
  createOciSandboxFactory,
  createProcessSandboxFactory,
  HOST_INSIDE,
  hostPortListener,
  type SandboxFactory,
  type SandboxCapabilities,
} from './sandbox/index.ts';
import { Provisioner } from './provisioning/index.ts';
import { machineLimits, Scheduler } from './scheduler/index.ts';
import { applyMigrations, type Database, lockDatabase, lockDataFolder, openDatabase } from './store/index.ts';
import { type Logs, openLogs } from './telemetry/index.ts';
import { openTracing, type Tracing } from './tracing/index.ts';

export type { DebugLine, PoolSummary, ServerStatus } from './operator/index.ts';

/** Everything that `hearth start` can be told. */
export interface HearthOptions {
  /** Of Hearth, as in its package. */
  readonly version: string;
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  readonly dataFolder: string;
  /** `sqlite`, or a `postgres://` address. */
  readonly store: string;
  readonly sandbox: 'auto' | 'oci' | 'process';
  readonly auth: 'permissive' | 'keys';
  readonly hotReloadFolders: readonly string[];
  readonly allowedHostPorts: readonly number[];
  /** Of each account and region; AWS's default where absent. */
  readonly accountConcurrency?: number | undefined;
  /** The address of a registry that stands behind ECR's names. */
  readonly registry?: string | undefined;
  /** Docker's `config.json` with the operator's logins. */
  readonly dockerConfig: string;
  /** Generic environments kept ready for each runtime at most; 0 for none. */
  readonly poolSize: number;
  readonly fileSystems: readonly AllowedFolder[];
  /** Subnet id to network. */
  readonly subnets: ReadonlyMap<string, SubnetNetwork>;
  readonly securityGroups: readonly string[];
  readonly logLevel: LogLevel;
  /** The user's environment: where interpreters are searched. */
  readonly searchEnv: Readonly<Record<string, string | undefined>>;
}

/** A running server. */
export interface HearthServer {
  /** `http://host:port`. */
  readonly endpoint: string;
  readonly dataFolder: string;
  readonly capabilities: SandboxCapabilities;
  /** What the user should know, one sentence each. */
  readonly notes: readonly string[];
  /** Identifiers of the runtimes that can run here. */
  runtimes(): Promise<readonly string[]>;
  /** Credentials by which the server's own user may call it. */
  localCredentials(): Promise<{ readonly accessKeyId: string; readonly secretAccessKey: string }>;
  /** Finishes what runs, then ends everything. Idempotent. */
  close(): Promise<void>;
}

/** What is there from the first moment. */
interface Start {
  readonly options: HearthOptions;
  readonly folder: string;
  readonly log: Log;
  readonly clock: WallClock;
  readonly ids: typeof randomIds;
  /** Closes everything, last opened first. */
  readonly closing: AsyncDisposableStack;
}

/** What every part is made with. */
interface Ground extends Start {
  readonly database: Database;
  readonly logs: Logs;
  readonly tracing: Tracing;
  readonly sessions: SessionCredentials;
  readonly masterKey: Buffer;
}

/** Builds and wires a server, and starts it. Rejects, with nothing left behind, where a part cannot start. */
export async function startHearth(options: HearthOptions): Promise<HearthServer> {
  const closing = new AsyncDisposableStack();
  try {
    const start = claimFolder(options, closing);
    // Side by side, since both wait for threads and other programs most of the time.
    const [ground, sandboxes] = await bothOpen(openStores(start), openSandboxes(start));
    return await build(ground, sandboxes);
  } catch (error) {
    await closing.disposeAsync();
    throw error;
  }
}

function claimFolder(options: HearthOptions, closing: AsyncDisposableStack): Start {
  const folder = resolve(options.dataFolder);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lock = lockDataFolder(folder);
  closing.defer(() => lock.release());
  return {
    options,
    folder,
    log: createLog(options.logLevel),
    clock: new WallClock(),
    ids: randomIds,
    closing,
  };
}

/** As `Promise.all`, but settles when both have, so that what one of them opened is known and can be closed. */
async function bothOpen<A, B>(one: Promise<A>, other: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([one, other]);
  return Promise.all([one, other]);
}

async function openStores(start: Start): Promise<Ground> {
  const { options, folder, log, clock, ids, closing } = start;
  if (options.store !== 'sqlite') {
    const claim = await lockDatabase(postgresAddress(options.store), log);
    closing.defer(() => claim.release());
  }
  const [database, { logs, tracing }] = await bothOpen(openMainDatabase(start), openLogDatabase(start));
  const masterKey = Buffer.from(secretFile(join(folder, 'master.key'), 32), 'hex');
  const sessions = new SessionCredentials({ masterKey, clock, ids });
  return { ...start, database, logs, tracing, sessions, masterKey };
}

async function openMainDatabase({ options, folder, clock, closing }: Start): Promise<Database> {
  const { store } = options;
  const location = store === 'sqlite' ? { file: join(folder, 'hearth.db') } : { url: postgresAddress(store) };
  const database = await openDatabase(location, clock);
  closing.defer(() => database.close());
  await applyMigrations(database, [
    ...functionsMigrations,
    ...functionSettingsMigrations,
    ...iamMigrations,
    ...autoscalingMigrations,
    ...accessKeysMigrations,
  ]);
  return database;
}

/**
 * Function logs and traces have a SQLite file of their own, or their own writers in PostgreSQL, so that writing them never holds
 * up what must be on disk first.
 */
async function openLogDatabase(start: Start): Promise<Pick<Ground, 'logs' | 'tracing'>> {
  const { options, folder, clock, closing } = start;
  const { store } = options;
  const location =
    store === 'sqlite' ? { file: join(folder, 'logs.db') } : { url: postgresAddress(store), writers: 'logs' };
  const database = await openDatabase({ ...location, survives: 'process-death' }, clock);
  closing.defer(() => database.close());
  const logs = await openLogs({ ...start, database });
  closing.defer(() => logs.close());
  const tracing = await openTracing({ ...start, database });
  closing.defer(() => tracing.close());
  return { logs, tracing };
}

function postgresAddress(store: string): string {
  if (/^postgres(ql)?:\/\//.test(store)) return store;
  throw new Error(`--store ${store}: neither sqlite nor a postgres:// address`);
}

async function build(ground: Ground, { sandboxes, notes }: OpenSandboxes): Promise<HearthServer> {
  const { options, folder, closing } = ground;
  const address = new ListeningAddress(options.host);
  const images = await openImages(ground, sandboxes);
  const snapshots = new LateSnapshots(sandboxes);
  const functions = await openFunctionParts(ground, { sandboxes, images, snapshots });
  // First, since what is being pulled would hold the others up.
  closing.defer(async () => images?.close());
  const execution = openExecution(ground, { ...functions, sandboxes, address });
  const entrance = await openEntrance(ground);
  const server: ServerFacts = {
    version: options.version,
    endpoint: () => address.url,
    dataFolder: folder,
    store: options.store === 'sqlite' ? 'sqlite' : 'postgres',
    sandbox: sandboxes.capabilities.kind,
    auth: options.auth,
  };
  const edge = openEdge(ground, { ...functions, ...execution, ...entrance, server });
  closing.defer(() => edge.close());
  // A person at a breakpoint would hold the edge's drain up.
  closing.defer(() => execution.debugInvoker.close());
  address.open(edge, await edge.listen());
  // Environments are told where the server listens, so these had to wait for it.
  await execution.provisioner.start();
  void execution.autoscaling.scheduled.tick();
  return {
    endpoint: address.url,
    dataFolder: folder,
    capabilities: sandboxes.capabilities,
    notes,
    runtimes: async () =>
      (await functions.runtimes.list()).filter((known) => known.interpreter).map((known) => known.identifier),
    localCredentials: () => localCredentials(options, entrance.keys),
    close: () => closing.disposeAsync(),
  };
}

/** What functions are, and what of this machine can run them. */
interface FunctionParts {
  readonly snapshots: LateSnapshots;
  readonly machine: Machine;
  readonly runtimes: MachineRuntimes;
  readonly settings: SettingsModule;
  readonly fileSystems: FileSystems;
  readonly vpc: Vpc;
  readonly features: FunctionsModule;
}

/** Container images run from a root file system of their own, which only `oci` has. */
async function openImages(
  { options, folder, clock, ids, log }: Ground,
  { capabilities }: SandboxFactory,
): Promise<Images | undefined> {
  if (capabilities.kind !== 'oci') return undefined;
  const named = registryOf(options);
  return Images.open({
    folder: join(folder, 'images'),
    clock,
    ids,
    log,
    named,
    anyLocalRegistry: options.auth === 'permissive',
    dockerConfig: options.dockerConfig,
  });
}

function registryOf({ registry }: HearthOptions) {
  return registry === undefined ? undefined : parseNamedRegistry(registry);
}

async function openFunctionParts(
  ground: Ground,
  {
    sandboxes,
    images,
    snapshots,
  }: {
    readonly sandboxes: SandboxFactory;
    readonly images: Images | undefined;
    readonly snapshots: LateSnapshots;
  },
): Promise<FunctionParts> {
  const { options, folder, closing } = ground;
  const machine = localMachine(options.searchEnv, folder);
  const runtimes = new MachineRuntimes(machine);
  const settings = openSettings({ ...ground, accountConcurrency: options.accountConcurrency });
  const fileSystems = await openFileSystems(options, sandboxes);
  const vpc = new Vpc(options, sandboxes.capabilities.enforced.includes('network'));
  const { access, dependents, concurrency } = settings;
  const features = await openFunctions({
    ...ground,
    folder: join(folder, 'functions'),
    runtimes,
    images,
    access,
    dependents,
    concurrency,
    fileSystems,
    vpc,
    snapshots,
    hotReloadRoots: options.hotReloadFolders,
  });
  closing.defer(() => features.close());
  // Before the module, which finishes what it began: a snapshot that is not taken now is taken at the next start.
  closing.defer(() => snapshots.close());
  return { machine, runtimes, settings, fileSystems, vpc, features, snapshots };
}

/** Folders that cannot be mounted are found at start, not by the first invocation. */
async function openFileSystems(
  { fileSystems }: HearthOptions,
  sandboxes: SandboxFactory,
): Promise<FileSystems> {
  if (!sandboxes.checkVolume) return new FileSystems(fileSystems, NO_FILE_SYSTEMS);
  const opened = new FileSystems(fileSystems);
  for (const folder of opened.folders) await sandboxes.checkVolume(folder);
  return opened;
}

/** What runs invocations. */
interface Execution {
  readonly scheduler: Scheduler;
  readonly provisioner: Provisioner;
  readonly autoscaling: AutoscalingServices;
  readonly invoker: FunctionInvoker;
  readonly debugInvoker: DebugInvoker;
}

function openExecution(ground: Ground, parts: ExecutionParts): Execution {
  const { machine, runtimes, features, settings } = parts;
  const services: EnvironmentServices = environmentServices(ground, parts, {
    scheduler: () => scheduler,
    services: () => services,
  });
  const memoryBytes = Math.trunc(totalmem() * MEMORY_SHARE);
  const scheduler: Scheduler = new Scheduler({
    services,
    machine: { ...machineLimits, memoryBytes },
    accountConcurrency: ground.options.accountConcurrency,
  });
  ground.closing.defer(() => scheduler.close());
  const { lookup } = features;
  const provisioner = new Provisioner({ ...ground, configs: settings.provisioned, lookup, scheduler });
  ground.closing.defer(() => provisioner.close());
  const autoscaling = openAutoscaling(ground, parts, provisioner);
  lookup.onReady((version) => void expectColdStart(version, services));
  const debuggers = new RuntimeDebuggers(machine, runtimes);
  return {
    scheduler,
    provisioner,
    autoscaling,
    invoker: new FunctionInvoker({ lookup, scheduler }),
    debugInvoker: new DebugInvoker({ lookup, services, debuggers }),
  };
}

function openAutoscaling(
  ground: Ground,
  { features, settings }: FunctionParts,
  provisioner: Provisioner,
): AutoscalingServices {
  const { clock, ids, log, database, closing } = ground;
  const store = new ScalingStore(database);
  const configs = settings.provisioned;
  const scheduled = new ScheduledScaling({ store, configs, provisioner, clock, log });
  closing.defer(() => scheduled.close());
  return { scaling: store, scheduled, functions: features.functions, configs, provisioner, clock, ids };
}

/** What tells who calls. */
interface Entrance {
  readonly keys: AccessKeys;
  readonly authenticator: Authenticator;
}

async function openEntrance(ground: Ground): Promise<Entrance> {
  const { options, sessions, clock } = ground;
  const keys = await AccessKeys.open(ground);
  const verifier = new SignatureVerifier(clock);
  const authenticator = new Authenticator({ mode: options.auth, keys, sessions, verifier });
  keys.onChange(() => authenticator.forget());
  return { keys, authenticator };
}

function openEdge(
  ground: Ground,
  parts: FunctionParts & Execution & Entrance & { readonly server: ServerFacts },
): Edge {
  const { options, folder } = ground;
  const { features, settings, keys } = parts;
  const operator = operatorRoutes({ ...ground, ...parts, requests: () => edge.requests });
  const edge: Edge = createEdge({
    ...ground,
    host: options.host,
    port: options.port,
    api: openApi(ground, parts),
    invoker: parts.invoker,
    lookup: features.lookup,
    access: settings.access,
    authenticator: parts.authenticator,
    control: new ControlPlane(operatorToken(folder), [...keyRoutes(keys), ...operator]),
    downloads: { prefix: DOWNLOAD_PATH, verify: (url) => features.downloadLinks.verify(url) },
  });
  return edge;
}

/** Environments may use this much of the machine's memory; the rest is the server's, the page cache's and the user's. */
const MEMORY_SHARE = 0.75;

/** Runtimes, or memory sizes of one, that can have all their generic environments at once; the others have fewer. */
const POOLED_SHAPES = 4;

const NO_HOST_PORTS =
  '--allow-host-port opens nothing here: with the process sandbox functions reach every port of this machine at 127.0.0.1, and host.docker.internal is no name to them.';

const NO_FILE_SYSTEMS =
  'The process sandbox mounts no file systems: they take the oci sandbox (hearth doctor).';

interface OpenSandboxes {
  readonly sandboxes: SandboxFactory;
  readonly notes: readonly string[];
}

/** The asked-for adapter, swept of what a crashed server left; `auto` takes the best that works and says what it misses. */
async function openSandboxes({ options, folder, log, clock, closing }: Start): Promise<OpenSandboxes> {
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

interface ExecutionParts extends FunctionParts {
  readonly sandboxes: SandboxFactory;
  readonly address: ListeningAddress;
}

function environmentServices(
  ground: Ground,
  { sandboxes, runtimes, features, fileSystems, vpc, address, snapshots: late }: ExecutionParts,
  {
    scheduler,
    services,
  }: { readonly scheduler: () => Scheduler; readonly services: () => EnvironmentServices },
): EnvironmentServices {
  const { clock, ids, log, logs, options, sessions, tracing } = ground;
  const opened = options.allowedHostPorts.map((port) => hostPortListener(port));
  const onUnused = (version: FunctionVersion): void => {
    features
      .deactivate(version)
      .catch((error: unknown) => log.error({ error, name: version.name }, 'an unused version stays active'));
  };
  const snapshots = new Snapshots({ services, onUnused });
  late.open(snapshots);
  return {
    clock,
    serviceClock: clock,
    ids,
    log,
    sandboxes,
    logs: logs.sink,
    timings: environmentTimings,
    get listeners() {
      return [address.listener, ...opened] as const;
    },
    ...(opened.length > 0 ? { hosts: { [HOST_INSIDE.name]: HOST_INSIDE.address } } : {}),
    prepare: async (version) => {
      if (version.code.kind === 'image') {
        const { image, ...directories } = await features.lookup.directories(version);
        if (image) return { plan: planImage(version, image), image, ...directories };
      }
      const [plan, directories] = await Promise.all([
        runtimes.plan(version),
        features.lookup.directories(version),
      ]);
      return { plan, ...directories };
    },
    tracer: tracing.tracer,
    network: (version) => vpc.networkOf(version),
    volumes: (version) => fileSystems.mountsOf(version),
    snapshots,
    credentials: (version) => sessions.issue(roleSessionOf(version)),
    ...(options.poolSize > 0 && sandboxes.capabilities.lateBinding
      ? { pool: openPool(ground, sandboxes, scheduler) }
      : {}),
  };
}

/** Filled when the first functions run, so that the start of the server waits for nothing. */
function openPool(ground: Ground, sandboxes: SandboxFactory, scheduler: () => Scheduler): GenericPool {
  const perShape = ground.options.poolSize;
  const isServing = eventLoopIsBusy();
  const pool = new GenericPool({
    ...ground,
    sandboxes,
    limits: { perShape, total: perShape * POOLED_SHAPES },
    launchesAtOnce: Math.max(1, Math.trunc(availableParallelism() / 2)),
    isBusy: () => isServing() || scheduler().isStarting,
    hasRoom: (bytes) => scheduler().hasRoomToSpare(bytes),
  });
  ground.closing.defer(() => pool.close());
  return pool;
}

/** Asked again and again: whether the server worked for more than half of the time since. */
function eventLoopIsBusy(): () => boolean {
  let last = performance.eventLoopUtilization();
  return () => {
    const since = performance.eventLoopUtilization(last);
    last = performance.eventLoopUtilization();
    return since.utilization > 0.5;
  };
}

function openApi(
  ground: Ground,
  { features, settings, vpc, provisioner, autoscaling }: FunctionParts & Execution,
): ReturnType<typeof createApi> {
  const lambda = { ...features, ...settings, provisioner };
  return createApi(
    {
      lambda: serviceApi(loadServiceModel('lambda'), lambda, lambdaOperations),
      'application-autoscaling': serviceApi(
        loadServiceModel('application-autoscaling'),
        autoscaling,
        autoscalingOperations,
      ),
      logs: serviceApi(loadServiceModel('logs'), ground, logsOperations),
      sts: serviceApi(loadServiceModel('sts'), ground, stsOperations),
      ecr: serviceApi(
        loadServiceModel('ecr'),
        { ...ground, registry: registryOf(ground.options) },
        ecrOperations,
      ),
      iam: serviceApi(loadServiceModel('iam'), ground, iamOperations),
      xray: serviceApi(loadServiceModel('xray'), ground, xrayOperations),
      ec2: serviceApi(loadServiceModel('ec2'), { vpc }, ec2Operations),
    },
    ground,
  );
}

/** Any keys will do while none are verified; otherwise the oldest key, or a first one. */
async function localCredentials(
  { auth }: HearthOptions,
  keys: AccessKeys,
): ReturnType<HearthServer['localCredentials']> {
  if (auth === 'permissive') return { accessKeyId: 'test', secretAccessKey: 'test' };
  const key = keys.list()[0] ?? (await keys.create('000000000000'));
  if (!key) throw new Error('There are too many access keys; delete some.');
  return { accessKeyId: key.accessKeyId, secretAccessKey: key.secretAccessKey };
}
