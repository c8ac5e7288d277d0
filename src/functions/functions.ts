import { awsError, type CodeRef, type FunctionVersion, LATEST, type Scope } from '../model/index.ts';
import type { Statement, Transaction } from '../store/index.ts';
import { isVersionName, pageAliases, readAlias } from './aliases-store.ts';
import {
  type Configuration,
  type ConfigurationChange,
  changeConfiguration,
  defaultLogging,
} from './configuration.ts';
import {
  type CodeSource,
  checkStorage,
  codeBytes,
  codeHashes,
  runtimeVersionArn,
  withCode,
} from './deployment.ts';
import {
  deleteFunction,
  deleteVersion,
  insertFunction,
  nextVersionNumber,
  pageFunctions,
  pageFunctionsAndVersions,
  readAllVersions,
  readVersion,
  type VersionRecord,
  versionNumber,
  writeVersion,
} from './functions-store.ts';
import { checkCombinedSize, confirmLayers, type Principal, resolveLayers } from './layer-use.ts';
import { functionNotFound } from './not-found.ts';
import type { FunctionsParts } from './parts.ts';
import { fingerprintOf, publishedFrom } from './publishing.ts';
import type { FunctionKey } from './settings.ts';
import { readChangeable } from './changeable.ts';
import { CREATING, type Transitions } from './transitions.ts';

/** Everything that `CreateFunction` says. What is absent gets AWS's default. */
export interface NewFunction {
  readonly configuration: ConfigurationChange & Pick<Configuration, 'runtime' | 'handler' | 'roleArn'>;
  readonly architecture: FunctionVersion['architecture'];
  readonly code: CodeSource;
  readonly layerArns: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  readonly publish: boolean;
  readonly caller: Principal;
}

export interface CodeUpdate {
  readonly code: CodeSource;
  readonly publish: boolean;
  /** Says what would be, and stores nothing. */
  readonly dryRun: boolean;
  readonly revisionId?: string | undefined;
}

export interface ConfigurationUpdate {
  readonly change: ConfigurationChange;
  /** Absent: the layers stay. */
  readonly layerArns?: readonly string[] | undefined;
  readonly revisionId?: string | undefined;
  readonly caller: Principal;
}

/** A version as a qualifier found it. */
export interface FoundVersion {
  readonly version: FunctionVersion;
  /** The alias by which it was found. */
  readonly alias?: string;
}

export interface ListPosition {
  readonly name: string;
  readonly version: number;
}

/** Functions: made, changed, read, listed, deleted. Rejects with the `AwsError`s of the API. */
export class Functions {
  readonly #parts: FunctionsParts;
  readonly #transitions: Transitions;

  constructor(parts: FunctionsParts, transitions: Transitions) {
    this.#parts = parts;
    this.#transitions = transitions;
  }

  /** Answers `$LATEST`, or with `publish` version 1; both are `Pending` until they can run. */
  async create(key: FunctionKey, request: NewFunction): Promise<FunctionVersion> {
    const parts = this.#parts;
    if (await readVersion(parts.database, key, LATEST)) throw alreadyExists(key);
    const configuration = changeConfiguration(defaults(key, request), request.configuration, key.name);
    const runtimeArn = await runtimeVersionArn(parts, key, configuration.runtime);
    const layers = await resolveLayers(parts, key, { arns: request.layerArns, caller: request.caller });
    const companions = parts.dependents.onCreate(key, request.tags);
    const written = await withCode(parts, request.code, async (code) => {
      await checkCombinedSize(parts.code, codeHashes({ code, layers }));
      const latest: FunctionVersion = {
        ...scopeAndName(key),
        ...configuration,
        version: LATEST,
        architecture: request.architecture,
        code,
        layers,
        runtimeVersionArn: runtimeArn,
        state: 'Pending',
        stateReason: CREATING,
        revisionId: parts.ids.uuid(),
        deploymentId: parts.ids.uuid(),
        lastModifiedMs: parts.clock.nowMs(),
      };
      const published = request.publish ? [publishedFrom(latest, { number: 1 }, parts.ids)] : [];
      await parts.database.transaction((transaction) =>
        this.#insert(transaction, [latest, ...published], companions),
      );
      return [latest, ...published];
    });
    return this.#begun(written);
  }

  /** Answers `$LATEST` with the update in progress, or with `publish` the new version, `Pending`. */
  async updateCode(key: FunctionKey, update: CodeUpdate): Promise<FunctionVersion> {
    const parts = this.#parts;
    const before = await readChangeable(parts.database, key, update.revisionId);
    const written = await withCode(parts, update.code, async (code) => {
      await checkCombinedSize(parts.code, codeHashes({ code, layers: before.shown.layers }));
      if (update.dryRun) return [{ ...before.shown, code }];
      return parts.database.transaction((transaction) =>
        this.#replaceCode(transaction, key, { code, update }),
      );
    });
    return update.dryRun ? (written[0] ?? before.shown) : this.#begun(written);
  }

  /** Answers `$LATEST` with the update in progress. */
  async updateConfiguration(key: FunctionKey, update: ConfigurationUpdate): Promise<FunctionVersion> {
    const parts = this.#parts;
    const before = await readChangeable(parts.database, key, update.revisionId);
    changeConfiguration(before.shown, update.change, key.name);
    const runtimeArn =
      update.change.runtime === undefined
        ? undefined
        : await runtimeVersionArn(parts, key, update.change.runtime);
    const layers =
      update.layerArns &&
      (await resolveLayers(parts, key, { arns: update.layerArns, caller: update.caller }));
    if (layers) await checkCombinedSize(parts.code, codeHashes({ code: before.shown.code, layers }));
    const written = await parts.database.transaction(async (transaction) => {
      const { shown } = await readChangeable(transaction, key, update.revisionId);
      if (layers) await confirmLayers(transaction, layers, shown.layers);
      const next = {
        ...changeConfiguration(this.#inProgress(shown), update.change, key.name),
        ...(layers ? { layers } : {}),
        ...(runtimeArn === undefined ? {} : { runtimeVersionArn: runtimeArn }),
      };
      await run(
        transaction,
        writeVersion({ shown: next, serving: shown, unfinished: true, fingerprint: '' }),
      );
      return [next];
    });
    return this.#begun(written);
  }

  /** The version behind a qualifier, `$LATEST` without one. */
  async get(key: FunctionKey, qualifier?: string): Promise<FoundVersion> {
    const { database } = this.#parts;
    if (qualifier === undefined || isVersionName(qualifier)) {
      const record = await readVersion(database, key, qualifier ?? LATEST);
      if (!record) throw functionNotFound(key, qualifier);
      return { version: record.shown };
    }
    const alias = await readAlias(database, key, qualifier);
    const record = alias && (await readVersion(database, key, alias.version));
    if (!record) throw functionNotFound(key, qualifier);
    return { version: record.shown, alias: qualifier };
  }

  /** `$LATEST` of each function by name, or with `all` every version of each; those after `after`. */
  async list(
    scope: Scope,
    page: { readonly all: boolean; readonly after?: ListPosition | undefined; readonly count: number },
  ): Promise<readonly FunctionVersion[]> {
    const { database } = this.#parts;
    if (page.all) return pageFunctionsAndVersions(database, scope, page);
    return pageFunctions(database, scope, { after: page.after?.name, count: page.count });
  }

  /** Deletes the function with everything that hangs on it. */
  async delete(key: FunctionKey): Promise<void> {
    const { database, dependents, lookup, collector } = this.#parts;
    const gone = await database.transaction(async (transaction) => {
      const records = await readAllVersions(transaction, key);
      if (records.length === 0) throw functionNotFound(key);
      await run(transaction, [...deleteFunction(key), ...dependents.onDelete(key)]);
      return records;
    });
    lookup.invalidate(key);
    dependents.afterDelete(key);
    for (const record of gone) lookup.retire(record.serving ?? record.shown);
    collector.schedule();
  }

  /** Deletes one published version; one that is not there is no error, as on AWS. */
  async deleteVersion(key: FunctionKey, qualifier: string): Promise<void> {
    const { database, dependents, lookup, collector } = this.#parts;
    if (qualifier === LATEST)
      throw invalid('$LATEST version cannot be deleted without deleting the function.');
    const gone = await database.transaction(async (transaction) => {
      if (!(await readVersion(transaction, key, LATEST))) throw functionNotFound(key);
      if (!isVersionName(qualifier)) throw await aliasNotDeletable(transaction, key, qualifier);
      const record = await readVersion(transaction, key, qualifier);
      if (!record) return undefined;
      await refuseReferenced(transaction, key, qualifier);
      const statements = deleteVersion(key, versionNumber(qualifier));
      await run(transaction, [...statements, ...dependents.onQualifierDelete(key, qualifier)]);
      return record;
    });
    if (!gone) return;
    lookup.invalidate(key);
    dependents.afterDelete(key, qualifier);
    lookup.retire(gone.shown);
    collector.schedule();
  }

  async #insert(
    transaction: Transaction,
    versions: readonly FunctionVersion[],
    companions: readonly Statement[],
  ): Promise<void> {
    const [latest] = versions;
    if (!latest) return;
    if (await readVersion(transaction, latest, LATEST)) throw alreadyExists(latest);
    await confirmLayers(transaction, latest.layers);
    const bytes = codeBytes(latest.code) * versions.length;
    await checkStorage(this.#parts, transaction, { key: latest, bytes });
    await run(transaction, [
      insertFunction(latest, versions.length - 1),
      ...versions.flatMap((version) => writeVersion(pendingRecord(version, latest))),
      ...companions,
    ]);
  }

  async #replaceCode(
    transaction: Transaction,
    key: FunctionKey,
    change: { readonly code: CodeRef; readonly update: CodeUpdate },
  ): Promise<readonly FunctionVersion[]> {
    const { shown } = await readChangeable(transaction, key, change.update.revisionId);
    const { code, update } = change;
    const bytes = codeBytes(code) * (update.publish ? 2 : 1) - codeBytes(shown.code);
    await checkStorage(this.#parts, transaction, { key, bytes });
    const next = { ...this.#inProgress(shown), code };
    const latest: VersionRecord = { shown: next, serving: shown, unfinished: true, fingerprint: '' };
    await run(transaction, writeVersion(latest));
    if (!update.publish) return [next];
    const number = await nextVersionNumber(transaction, key);
    const { lastUpdateStatus: _status, lastUpdateReason: _reason, ...source } = next;
    const pending = { ...source, state: 'Pending', stateReason: CREATING } as const;
    const published = publishedFrom(pending, { number }, this.#parts.ids);
    await run(transaction, writeVersion(pendingRecord(published, next)));
    return [next, published];
  }

  /** `$LATEST` as it is shown while an update runs. */
  #inProgress(shown: FunctionVersion): FunctionVersion {
    return {
      ...shown,
      lastUpdateStatus: 'InProgress',
      lastUpdateReason: CREATING,
      revisionId: this.#parts.ids.uuid(),
      deploymentId: this.#parts.ids.uuid(),
      lastModifiedMs: this.#parts.clock.nowMs(),
    };
  }

  /** Starts the transitions of what was just written; answers the version that the caller gets to see. */
  #begun(written: readonly FunctionVersion[]): FunctionVersion {
    const [latest, published] = written;
    if (!latest) throw new TypeError('nothing was written');
    this.#parts.lookup.invalidate(latest);
    this.#parts.collector.schedule();
    for (const version of written) this.#transitions.begin(version);
    return published ?? latest;
  }
}

function defaults(key: FunctionKey, request: NewFunction): Configuration {
  return {
    ...request.configuration,
    description: '',
    memoryMiB: 128,
    timeoutMs: 3_000,
    ephemeralStorageMiB: 512,
    logging: defaultLogging(key.name),
  };
}

function pendingRecord(version: FunctionVersion, latest: FunctionVersion): VersionRecord {
  const fingerprint = version.version === LATEST ? '' : fingerprintOf(latest);
  return { shown: version, unfinished: true, fingerprint };
}

function scopeAndName({ account, region, name }: FunctionKey): FunctionKey {
  return { account, region, name };
}

async function run(transaction: Transaction, statements: readonly Statement[]): Promise<void> {
  for (const { sql, params } of statements) await transaction.execute(sql, params);
}

async function refuseReferenced(transaction: Transaction, key: FunctionKey, version: string): Promise<void> {
  const aliases = await pageAliases(transaction, key, { version, count: 10 });
  if (aliases.length === 0) return;
  const names = aliases.map(({ name }) => name).join(', ');
  throw awsError(
    'ResourceConflictException',
    `Version ${version} cannot be deleted while it is referenced by these aliases: ${names}`,
  );
}

async function aliasNotDeletable(transaction: Transaction, key: FunctionKey, alias: string): Promise<Error> {
  return (await readAlias(transaction, key, alias))
    ? invalid('Deletion of aliases is not currently supported.')
    : functionNotFound(key);
}

function alreadyExists(key: FunctionKey): Error {
  return awsError('ResourceConflictException', `Function already exist: ${key.name}`);
}

function invalid(message: string): Error {
  return awsError('InvalidParameterValueException', message);
}
