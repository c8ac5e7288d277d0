import type { Scope } from '../model/index.ts';
import type { Reader } from './functions-store.ts';

/** What counts towards the storage limit of one account and region: each version and layer version, again and again. */
export async function readCodeUsage(
  reader: Reader,
  scope: Scope,
): Promise<{ readonly totalCodeBytes: number; readonly functionCount: number }> {
  const where = 'WHERE account = $1 AND region = $2';
  const sql = `SELECT
    (SELECT COALESCE(SUM(code_bytes), 0) FROM function_versions ${where}) AS functions_bytes,
    (SELECT COALESCE(SUM(code_bytes), 0) FROM layer_versions ${where}) AS layers_bytes,
    (SELECT COUNT(*) FROM functions ${where}) AS functions_count`;
  const [row] = await reader.query(sql, [scope.account, scope.region]);
  return {
    totalCodeBytes: Number(row?.['functions_bytes']) + Number(row?.['layers_bytes']),
    functionCount: Number(row?.['functions_count']),
  };
}

/** Of all accounts and regions. */
export async function countEverything(
  reader: Reader,
): Promise<{ readonly functions: number; readonly versions: number; readonly layers: number }> {
  const sql = `SELECT
    (SELECT COUNT(*) FROM functions) AS functions,
    (SELECT COUNT(*) FROM function_versions WHERE version > 0) AS versions,
    (SELECT COUNT(*) FROM layers) AS layers`;
  const [row] = await reader.query(sql);
  return {
    functions: Number(row?.['functions']),
    versions: Number(row?.['versions']),
    layers: Number(row?.['layers']),
  };
}

const KEYS_AT_ONCE = 500;

/** Which of these hashes and merged keys some version or layer version still needs. */
export async function readReferencedCode(
  reader: Reader,
  keys: readonly string[],
): Promise<ReadonlySet<string>> {
  const used = new Set<string>();
  for (let start = 0; start < keys.length; start += KEYS_AT_ONCE) {
    const some = keys.slice(start, start + KEYS_AT_ONCE);
    const list = some.map((_, index) => `$${index + 1}`).join(', ');
    const sql = `SELECT code_key FROM code_uses WHERE code_key IN (${list})
      UNION SELECT code_key FROM layer_versions WHERE code_key IN (${list})`;
    for (const row of await reader.query(sql, some)) used.add(String(row['code_key']));
  }
  return used;
}
