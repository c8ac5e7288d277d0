import { invariant } from '../base/index.ts';
import { type FunctionVersion, LATEST, type Scope } from '../model/index.ts';
import { isVersionName, readAlias } from './aliases-store.ts';
import { createFunction, type NewFunction } from './creation.ts';
import { deleteFunction, deleteVersion } from './deletion.ts';
import { pageFunctions, pageFunctionsAndVersions, readVersion } from './functions-store.ts';
import { functionNotFound } from './not-found.ts';
import type { FunctionsParts } from './parts.ts';
import type { FunctionKey } from './settings.ts';
import type { Transitions } from './transitions.ts';
import { type CodeUpdate, type ConfigurationUpdate, updateCode, updateConfiguration } from './updates.ts';

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
    const written = await createFunction(this.#parts, key, request);
    this.#begin(key, written);
    return shownOf(written);
  }

  /** Answers `$LATEST` with the update in progress, or with `publish` the new version, `Pending`. */
  async updateCode(key: FunctionKey, update: CodeUpdate): Promise<FunctionVersion> {
    const { written, shown } = await updateCode(this.#parts, key, update);
    this.#begin(key, written);
    return shown;
  }

  /** Answers `$LATEST` with the update in progress. */
  async updateConfiguration(key: FunctionKey, update: ConfigurationUpdate): Promise<FunctionVersion> {
    const shown = await updateConfiguration(this.#parts, key, update);
    this.#begin(key, [shown]);
    return shown;
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
  delete(key: FunctionKey): Promise<void> {
    return deleteFunction(this.#parts, key);
  }

  /** Deletes one published version; one that is not there is no error, as on AWS. */
  deleteVersion(key: FunctionKey, qualifier: string): Promise<void> {
    return deleteVersion(this.#parts, key, qualifier);
  }

  /** Starts the transitions of what was just written. */
  #begin(key: FunctionKey, written: readonly FunctionVersion[]): void {
    this.#parts.lookup.invalidate(key);
    for (const version of written) void this.#transitions.begin(version);
  }
}

/** The published version where there is one. */
function shownOf(written: readonly FunctionVersion[]): FunctionVersion {
  const shown = written.at(-1);
  invariant(shown, 'a change writes a version');
  return shown;
}
