import type { Scope } from '../../model/index.ts';
import { numberOf, type Row } from '../../store/index.ts';
import type { Reader } from '../functions-store.ts';
import type { FunctionKey } from '../settings.ts';

export const whereFunction = 'account = $1 AND region = $2 AND function_name = $3';
export const whereQualifier = `${whereFunction} AND qualifier = $4`;

export function ofFunction(key: FunctionKey): readonly string[] {
  return [key.account, key.region, key.name];
}

export function ofQualifier(key: FunctionKey, qualifier: string): readonly string[] {
  return [...ofFunction(key), qualifier];
}

/** Σ over the versions and aliases of one function. */
export async function sumProvisioned(reader: Reader, key: FunctionKey, butQualifier = ''): Promise<number> {
  const sql = `SELECT requested FROM function_provisioned_concurrency WHERE ${whereFunction} AND qualifier <> $4`;
  return sum(await reader.query(sql, ofQualifier(key, butQualifier)));
}

/** Σ over the functions of an account and region that have no reserved concurrency, which would contain it. */
export async function sumProvisionedUnreserved(reader: Reader, scope: Scope): Promise<number> {
  const sql = `SELECT p.requested FROM function_provisioned_concurrency p
    LEFT JOIN function_concurrency r
      ON r.account = p.account AND r.region = p.region AND r.function_name = p.function_name
    WHERE p.account = $1 AND p.region = $2 AND r.function_name IS NULL`;
  return sum(await reader.query(sql, [scope.account, scope.region]));
}

function sum(rows: readonly Row[]): number {
  return rows.reduce((total, row) => total + numberOf(row, 'requested'), 0);
}
