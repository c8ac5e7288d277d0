import { awsError, functionArn, LATEST } from '../model/index.ts';
import type { Transaction } from '../store/index.ts';
import {
  type Alias,
  type AliasRouting,
  deleteAlias,
  pageAliases,
  readAlias,
  writeAlias,
} from './aliases-store.ts';
import { type Reader, readVersion } from './functions-store.ts';
import { functionNotFound, wrongRevision } from './not-found.ts';
import type { FunctionsParts } from './parts.ts';
import type { FunctionKey } from './settings.ts';

export interface NewAlias {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  /** As given; at most one is allowed. */
  readonly routing: readonly AliasRouting[];
}

export interface AliasUpdate {
  readonly version?: string | undefined;
  readonly description?: string | undefined;
  /** Replaces the weights; an empty list removes them. */
  readonly routing?: readonly AliasRouting[] | undefined;
  readonly revisionId?: string | undefined;
}

/** Aliases: names that point to a version, or share the invocations between two. */
export class Aliases {
  readonly #parts: FunctionsParts;

  constructor(parts: FunctionsParts) {
    this.#parts = parts;
  }

  async create(key: FunctionKey, request: NewAlias): Promise<Alias> {
    return this.#change(key, async (transaction) => {
      if (!(await readVersion(transaction, key, LATEST))) throw functionNotFound(key);
      if (await readAlias(transaction, key, request.name)) {
        throw awsError('ResourceConflictException', `Alias already exists: ${aliasArn(key, request.name)}`);
      }
      const { routing, ...rest } = request;
      return this.#checked(transaction, key, { ...rest, ...only(routing, request.version) });
    });
  }

  async get(key: FunctionKey, name: string): Promise<Alias> {
    const alias = await readAlias(this.#parts.database, key, name);
    if (!alias) {
      throw awsError('ResourceNotFoundException', `Cannot find alias arn: ${aliasArn(key, name)}`);
    }
    return alias;
  }

  /** By name; with `version`, those that point to it. */
  async list(
    key: FunctionKey,
    page: {
      readonly after?: string | undefined;
      readonly count: number;
      readonly version?: string | undefined;
    },
  ): Promise<readonly Alias[]> {
    const { database } = this.#parts;
    if (!(await readVersion(database, key, LATEST))) throw functionNotFound(key);
    return pageAliases(database, key, page);
  }

  async update(key: FunctionKey, name: string, update: AliasUpdate): Promise<Alias> {
    return this.#change(key, async (transaction) => {
      const current = await readAlias(transaction, key, name);
      if (!current) throw awsError('ResourceNotFoundException', `Alias not found: ${aliasArn(key, name)}`);
      if (update.revisionId !== undefined && update.revisionId !== current.revisionId) throw wrongRevision();
      const version = update.version ?? current.version;
      const routing = update.routing ?? (current.routing ? [current.routing] : []);
      return this.#checked(transaction, key, {
        name,
        version,
        description: update.description ?? current.description,
        ...only(routing, version),
      });
    });
  }

  /** An alias that is not there is no error, as on AWS. */
  async delete(key: FunctionKey, name: string): Promise<void> {
    const { database, dependents, lookup } = this.#parts;
    await database.write([deleteAlias(key, name), ...dependents.onQualifierDelete(key, name)]);
    lookup.invalidate(key);
    dependents.afterDelete(key, name);
  }

  async #change(key: FunctionKey, decide: (transaction: Transaction) => Promise<Alias>): Promise<Alias> {
    const alias = await this.#parts.database.transaction(async (transaction) => {
      const decided = await decide(transaction);
      const { sql, params } = writeAlias(key, decided);
      await transaction.execute(sql, params);
      return decided;
    });
    this.#parts.lookup.invalidate(key);
    return alias;
  }

  async #checked(reader: Reader, key: FunctionKey, alias: Omit<Alias, 'revisionId'>): Promise<Alias> {
    for (const version of [alias.version, alias.routing?.version]) {
      if (version !== undefined && !(await readVersion(reader, key, version)))
        throw functionNotFound(key, version);
    }
    return { ...alias, revisionId: this.#parts.ids.uuid() };
  }
}

/** The one weight that an alias may have. */
function only(routing: readonly AliasRouting[], version: string): { readonly routing?: AliasRouting } {
  const [one, ...more] = routing;
  if (!one) return {};
  if (more.length > 0) {
    throw awsError(
      'InvalidParameterValueException',
      'Number of items in AdditionalVersionWeights cannot be greater than 1',
    );
  }
  if (version === LATEST) {
    throw awsError(
      'InvalidParameterValueException',
      '$LATEST is not supported for an alias pointing to more than 1 version',
      { type: 'none' },
    );
  }
  if (one.version === version) {
    throw awsError(
      'InvalidParameterValueException',
      `Invalid function version ${version}. Function version ${version} is already included in routing configuration.`,
    );
  }
  return { routing: one };
}

function aliasArn(key: FunctionKey, name: string): string {
  return functionArn(key, key.name, name);
}
