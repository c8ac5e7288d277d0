import type { Database, Migration, Row } from '../../store/index.ts';
import { numberOf, textOf } from '../../store/index.ts';

export const accessKeysMigrations: readonly Migration[] = [
  {
    id: 'edge-0001-access-keys',
    statements: [
      `CREATE TABLE access_keys (
        access_key_id TEXT PRIMARY KEY,
        account TEXT NOT NULL,
        created_at_ms BIGINT NOT NULL
      )`,
    ],
  },
];

/** A long-lived access key; its secret is derived, never stored. */
export interface StoredKey {
  readonly accessKeyId: string;
  readonly account: string;
  readonly createdAtMs: number;
}

export async function readKeys(database: Database): Promise<readonly StoredKey[]> {
  const rows = await database.query(
    'SELECT access_key_id, account, created_at_ms FROM access_keys ORDER BY created_at_ms, access_key_id',
  );
  return rows.map(fromRow);
}

export async function insertKey(database: Database, key: StoredKey): Promise<void> {
  await database.write([
    {
      sql: 'INSERT INTO access_keys (access_key_id, account, created_at_ms) VALUES ($1, $2, $3)',
      params: [key.accessKeyId, key.account, key.createdAtMs],
    },
  ]);
}

/** Whether there was such a key. */
export async function deleteKey(database: Database, accessKeyId: string): Promise<boolean> {
  const sql = 'DELETE FROM access_keys WHERE access_key_id = $1';
  const [deleted] = await database.write([{ sql, params: [accessKeyId] }]);
  return deleted === 1;
}

function fromRow(row: Row): StoredKey {
  return {
    accessKeyId: textOf(row, 'access_key_id'),
    account: textOf(row, 'account'),
    createdAtMs: numberOf(row, 'created_at_ms'),
  };
}
