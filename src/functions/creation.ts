import { awsError, type FunctionVersion, LATEST } from '../model/index.ts';
import type { Statement, Transaction } from '../store/index.ts';
import {
  type Configuration,
  type ConfigurationChange,
  changeConfiguration,
  defaultLogging,
} from './configuration.ts';
import {
  checkPrograms,
  type CodeSource,
  checkStorage,
  codeBytes,
  codeHashes,
  refuseLivePublish,
  runtimeVersionArn,
  withCode,
} from './deployment.ts';
import {
  executeAll,
  insertFunction,
  readVersion,
  type VersionRecord,
  writeVersion,
} from './functions-store.ts';
import { checkCombinedSize, confirmLayers, type Principal, resolveLayers } from './layer-use.ts';
import { checkSettings } from './image-settings.ts';
import type { FunctionsParts } from './parts.ts';
import { fingerprintOf, publishedFrom } from './publishing.ts';
import type { FunctionKey } from './settings.ts';
import { requireSnapshots } from './snap-start.ts';
import { CREATING } from './transitions.ts';

/** Everything that `CreateFunction` says. What is absent gets AWS's default. */
export interface NewFunction {
  readonly configuration: ConfigurationChange & Pick<Configuration, 'runtime' | 'handler' | 'roleArn'>;
  readonly architecture: FunctionVersion['architecture'];
  readonly tenantIsolation?: FunctionVersion['tenantIsolation'];
  readonly code: CodeSource;
  readonly layerArns: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  readonly publish: boolean;
  readonly caller: Principal;
}

/** Writes a new function, pending: `$LATEST`, and with `publish` version 1. Nothing is kept of one that is refused. */
export async function createFunction(
  parts: FunctionsParts,
  key: FunctionKey,
  request: NewFunction,
): Promise<readonly FunctionVersion[]> {
  if (await readVersion(parts.database, key, LATEST)) throw alreadyExists(key);
  checkSettings({ code: request.code }, request.configuration, request.layerArns);
  if (request.publish) refuseLivePublish(request.code);
  const configuration = changeConfiguration(defaults(key, request), request.configuration, key.name);
  parts.fileSystems.admit(key, configuration.fileSystems, request.code.kind);
  if (configuration.vpc) parts.vpc.admit(configuration.vpc);
  const tenants = request.tenantIsolation ? { tenantIsolation: request.tenantIsolation } : {};
  requireSnapshots('CreateFunction', parts.snapshots, { ...configuration, ...tenants });
  const runtimeArn = await runtimeVersionArn(parts, key, configuration.runtime);
  const layers = await resolveLayers(parts, key, { arns: request.layerArns, caller: request.caller });
  const companions = parts.dependents.onCreate(key, request.tags);
  return withCode(parts, request.code, async (code) => {
    await checkCombinedSize(parts.code, codeHashes({ code, layers }));
    const latest = {
      ...pendingLatest(parts, key, configuration),
      architecture: request.architecture,
      ...tenants,
      runtimeVersionArn: runtimeArn,
      code,
      layers,
    };
    await checkPrograms(parts, latest);
    const published = request.publish ? [publishedFrom(latest, { number: 1 }, parts.ids)] : [];
    const versions = [latest, ...published];
    await parts.database.transaction((transaction) =>
      insert(parts, transaction, { versions, latest, companions }),
    );
    return versions;
  });
}

/** A version that was just made, with what it was published from. */
export function pendingRecord(version: FunctionVersion, latest: FunctionVersion): VersionRecord {
  const fingerprint = version.version === LATEST ? '' : fingerprintOf(latest);
  return { shown: version, unfinished: true, fingerprint };
}

function defaults(key: FunctionKey, request: NewFunction): Configuration {
  const { snapStart: _, ...given } = request.configuration;
  return {
    ...given,
    description: '',
    memoryMiB: 128,
    timeoutMs: 3_000,
    ephemeralStorageMiB: 512,
    logging: defaultLogging(key.name),
  };
}

function pendingLatest(parts: FunctionsParts, key: FunctionKey, configuration: Configuration) {
  return {
    account: key.account,
    region: key.region,
    name: key.name,
    ...configuration,
    version: LATEST,
    state: 'Pending',
    stateReason: CREATING,
    revisionId: parts.ids.uuid(),
    deploymentId: parts.ids.uuid(),
    lastModifiedMs: parts.clock.nowMs(),
  } as const;
}

interface Insertion {
  readonly versions: readonly FunctionVersion[];
  readonly latest: FunctionVersion;
  readonly companions: readonly Statement[];
}

async function insert(
  parts: FunctionsParts,
  transaction: Transaction,
  { versions, latest, companions }: Insertion,
): Promise<void> {
  if (await readVersion(transaction, latest, LATEST)) throw alreadyExists(latest);
  await confirmLayers(transaction, latest.layers);
  await checkStorage(parts, transaction, { key: latest, bytes: codeBytes(latest.code) * versions.length });
  await executeAll(transaction, [
    insertFunction(latest, versions.length - 1),
    ...versions.flatMap((version) => writeVersion(pendingRecord(version, latest))),
    ...companions,
  ]);
}

function alreadyExists(key: FunctionKey): Error {
  return awsError('ResourceConflictException', `Function already exist: ${key.name}`);
}
