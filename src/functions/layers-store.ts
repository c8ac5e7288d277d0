import type { Scope } from '../model/index.ts';
import type { Row, Statement, Transaction } from '../store/index.ts';
import type { Reader } from './functions-store.ts';

/** One layer of one account and region, whatever its versions. */
export interface LayerKey extends Scope {
  readonly name: string;
}

export interface LayerVersion extends LayerKey {
  readonly version: number;
  readonly description: string;
  readonly licenseInfo?: string;
  /** Absent where not given; AWS echoes an empty list. */
  readonly compatibleRuntimes?: readonly string[];
  readonly compatibleArchitectures?: readonly string[];
  readonly sha256Hex: string;
  readonly sizeBytes: number;
  readonly unzippedBytes: number;
  readonly createdMs: number;
}

const OF_LAYER = 'account = $1 AND region = $2 AND name = $3';

function keyParams(key: LayerKey): [string, string, string] {
  return [key.account, key.region, key.name];
}

export async function readLayerVersion(
  reader: Reader,
  key: LayerKey,
  version: number,
): Promise<LayerVersion | undefined> {
  const sql = `SELECT body FROM layer_versions WHERE ${OF_LAYER} AND version = $4`;
  const [row] = await reader.query(sql, [...keyParams(key), version]);
  return row && parseLayer(row);
}

/** Versions of one layer below `before`, newest first. */
export async function pageLayerVersions(
  reader: Reader,
  key: LayerKey,
  page: { readonly before?: number | undefined; readonly count: number },
): Promise<readonly LayerVersion[]> {
  const sql = `SELECT body FROM layer_versions WHERE ${OF_LAYER} AND version < $4 ORDER BY version DESC LIMIT $5`;
  const rows = await reader.query(sql, [
    ...keyParams(key),
    page.before ?? Number.MAX_SAFE_INTEGER,
    page.count,
  ]);
  return rows.map(parseLayer);
}

/** Names of layers that have been published, after `after`. Some may have no version left. */
export async function pageLayerNames(
  reader: Reader,
  scope: Scope,
  page: { readonly after?: string | undefined; readonly count: number },
): Promise<readonly string[]> {
  const sql =
    'SELECT name FROM layers WHERE account = $1 AND region = $2 AND name > $3 ORDER BY name LIMIT $4';
  const rows = await reader.query(sql, [scope.account, scope.region, page.after ?? '', page.count]);
  return rows.map((row) => String(row['name']));
}

/** Takes the next number of a layer; numbers are never used again, even when all versions are gone. */
export async function nextLayerVersion(transaction: Transaction, key: LayerKey): Promise<number> {
  const sql = `INSERT INTO layers (account, region, name, last_version) VALUES ($1, $2, $3, 1)
    ON CONFLICT (account, region, name) DO UPDATE SET last_version = layers.last_version + 1
    RETURNING last_version`;
  const [row] = await transaction.query(sql, keyParams(key));
  return Number(row?.['last_version']);
}

export function insertLayerVersion(layer: LayerVersion): Statement {
  return {
    sql: `INSERT INTO layer_versions (account, region, name, version, code_key, code_bytes, body)
      VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    params: [...keyParams(layer), layer.version, layer.sha256Hex, layer.sizeBytes, JSON.stringify(layer)],
  };
}

export function deleteLayerVersion(key: LayerKey, version: number): Statement {
  return {
    sql: `DELETE FROM layer_versions WHERE ${OF_LAYER} AND version = $4`,
    params: [...keyParams(key), version],
  };
}

function parseLayer(row: Row): LayerVersion {
  return JSON.parse(String(row['body'])) as LayerVersion;
}
