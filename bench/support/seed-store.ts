import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { WallClock } from '../../src/base/index.ts';
import { openDatabase, type Row, type Statement } from '../../src/store/index.ts';

const TABLES = ['functions', 'function_versions', 'code_uses'] as const;
/** Rows of about this many functions in one transaction. */
const BATCH = 250;

/**
 * Copies a function with its versions in the store of a server that does not run, as `seed-1` and so on: thousands are made
 * within seconds, and differ from deployed ones in nothing but that they share their code.
 */
export async function copyFunction(dataFolder: string, name: string, count: number): Promise<void> {
  const database = await openDatabase({ file: join(dataFolder, 'hearth.db') }, new WallClock());
  const template: (readonly [string, Row])[] = [];
  for (const table of TABLES) {
    const rows = await database.query(`SELECT * FROM ${table} WHERE name = $1`, [name]);
    template.push(...rows.map((row) => [table, row] as const));
  }
  for (let from = 1; from <= count; from += BATCH) {
    const numbers = Array.from({ length: Math.min(BATCH, count - from + 1) }, (_, index) => from + index);
    await database.write(
      numbers.flatMap((number) =>
        template.map(([table, row]) => insert(table, renamed(row, `seed-${number}`))),
      ),
    );
  }
  await database.close();
}

function insert(table: string, row: Row): Statement {
  const places = Object.keys(row).map((_, index) => `$${index + 1}`);
  return {
    sql: `INSERT INTO ${table} (${Object.keys(row).join(', ')}) VALUES (${places.join(', ')})`,
    params: Object.values(row),
  };
}

/** Deployments are told apart by their ids. */
function renamed(row: Row, name: string): Row {
  const { body } = row;
  if (typeof body !== 'string') return { ...row, name };
  return { ...row, name, body: JSON.stringify({ ...JSON.parse(body), name, deploymentId: randomUUID() }) };
}
