import type { Ids } from '../base/index.ts';
import { awsError, limits } from '../model/index.ts';
import { type Database, type Migration, type Statement, type Transaction, textOf } from '../store/index.ts';
import { readChangeable } from './changeable.ts';
import { renewRevision } from './functions-store.ts';
import type { FunctionKey } from './settings.ts';

export type Tags = Readonly<Record<string, string>>;

export const tagMigrations: readonly Migration[] = [
  {
    id: 'functions-0102-tags',
    statements: [
      `CREATE TABLE function_tags (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        function_name TEXT NOT NULL,
        tag_key TEXT NOT NULL,
        tag_value TEXT NOT NULL,
        PRIMARY KEY (account, region, function_name, tag_key)
      )`,
    ],
  },
];

/** The tags of functions. A change of them gives `$LATEST` a new revision. */
export class FunctionTags {
  readonly #database: Database;
  readonly #ids: Ids;

  constructor({ database, ids }: { readonly database: Database; readonly ids: Ids }) {
    this.#database = database;
    this.#ids = ids;
  }

  list(key: FunctionKey): Promise<Tags> {
    return readTags(this.#database, key);
  }

  /** Adds tags, or gives them new values. Throws for tags that are not acceptable, and as `readChangeable` does. */
  async add(key: FunctionKey, tags: Tags): Promise<void> {
    requireTags(tags);
    await this.#change(key, async (transaction) => {
      requireTagCount({ ...(await readTags(transaction, key)), ...tags });
      return insertTags(key, tags);
    });
  }

  /** Removing what is not there is no error. Throws as `readChangeable` does. */
  async remove(key: FunctionKey, tagKeys: readonly string[]): Promise<void> {
    await this.#change(key, async () =>
      tagKeys.filter(isStorable).map((tagKey) => ({
        sql: `DELETE FROM function_tags WHERE ${whereFunction} AND tag_key = $4`,
        params: [key.account, key.region, key.name, tagKey],
      })),
    );
  }

  async #change(
    key: FunctionKey,
    decide: (transaction: Transaction) => Promise<readonly Statement[]>,
  ): Promise<void> {
    await this.#database.transaction(async (transaction) => {
      await readChangeable(transaction, key);
      const statements = [...(await decide(transaction)), renewRevision(key, this.#ids.uuid())];
      for (const { sql, params } of statements) await transaction.execute(sql, params);
    });
  }
}

const whereFunction = 'account = $1 AND region = $2 AND function_name = $3';

async function readTags(from: Pick<Transaction, 'query'>, key: FunctionKey): Promise<Tags> {
  const sql = `SELECT tag_key, tag_value FROM function_tags WHERE ${whereFunction} ORDER BY tag_key`;
  const rows = await from.query(sql, [key.account, key.region, key.name]);
  return Object.fromEntries(rows.map((row) => [textOf(row, 'tag_key'), textOf(row, 'tag_value')]));
}

/** The tags of a new function, as part of the transaction that makes it. Throws where they are not acceptable. */
export function insertNewTags(key: FunctionKey, tags: Tags): readonly Statement[] {
  requireTags(tags);
  requireTagCount(tags);
  return insertTags(key, tags);
}

function insertTags(key: FunctionKey, tags: Tags): readonly Statement[] {
  return Object.entries(tags).map(([tagKey, value]) => ({
    sql: `INSERT INTO function_tags (account, region, function_name, tag_key, tag_value)
      VALUES ($1, $2, $3, $4, $5)
      ON CONFLICT (account, region, function_name, tag_key) DO UPDATE SET tag_value = excluded.tag_value`,
    params: [key.account, key.region, key.name, tagKey, value],
  }));
}

export function removeTags(key: FunctionKey): Statement {
  return {
    sql: `DELETE FROM function_tags WHERE ${whereFunction}`,
    params: [key.account, key.region, key.name],
  };
}

const longestTagKey = 128;
const longestTagValue = 256;

function requireTags(tags: Tags): void {
  for (const [tagKey, value] of Object.entries(tags)) {
    const reserved = tagKey.toLowerCase().startsWith('aws:');
    const tooLong = tagKey.length > longestTagKey || value.length > longestTagValue;
    if (reserved || tooLong || tagKey === '' || !isStorable(`${tagKey}${value}`)) {
      throw awsError(
        'InvalidParameterValueException',
        `The tag '${tagKey.slice(0, longestTagKey)}' is not valid.`,
      );
    }
  }
}

/** No database holds U+0000 in text. */
function isStorable(text: string): boolean {
  return !text.includes('\0');
}

function requireTagCount(tags: Tags): void {
  if (Object.keys(tags).length <= limits.tagsPerResource) return;
  throw awsError('InvalidParameterValueException', 'Number of tags exceeds resource tag limit.');
}
