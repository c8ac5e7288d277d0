import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { deferred, ManualClock } from '../base/index.ts';
import {
  applyMigrations,
  type Database,
  DatabaseError,
  type DatabaseLocation,
  type Migration,
  numberOf,
  openDatabase,
} from './index.ts';

const things: Migration = {
  id: 'test-0001-things',
  statements: [
    `CREATE TABLE things (name TEXT PRIMARY KEY, amount BIGINT NOT NULL CHECK (amount >= 0), weight DOUBLE PRECISION,
      data BLOB)`,
    'CREATE TABLE left_half (pair BIGINT PRIMARY KEY)',
    'CREATE TABLE right_half (pair BIGINT PRIMARY KEY)',
  ],
};

const insert = 'INSERT INTO things (name, amount) VALUES ($1, $2)';
const count = 'SELECT COUNT(*) AS n FROM things';

function put(name: string, amount: number): { sql: string; params: [string, number] } {
  return { sql: insert, params: [name, amount] };
}

/** What every adapter promises. `makeLocation` makes a place for an empty database, a new one each time. */
export function databaseContract(name: string, makeLocation: () => Promise<DatabaseLocation>): void {
  describe(`${name} as the database`, () => {
    let location: DatabaseLocation;
    let clock: ManualClock;
    let database: Database;

    beforeEach(async () => {
      location = await makeLocation();
      clock = new ManualClock();
      database = await openDatabase(location, clock);
      await applyMigrations(database, [things]);
    });
    afterEach(() => database.close());

    async function countThings(): Promise<number> {
      const [row] = await database.query(count);
      return row ? numberOf(row, 'n') : Number.NaN;
    }

    test('gives back what was written, with its type', async () => {
      const data = Uint8Array.of(0, 1, 255);
      await database.write([
        {
          sql: 'INSERT INTO things (name, amount, weight, data) VALUES ($1, $2, $3, $4)',
          params: ['naïve 🔥', Number.MAX_SAFE_INTEGER, 0.1, data],
        },
        put('bare', 0),
      ]);
      const rows = await database.query('SELECT * FROM things ORDER BY amount DESC');
      expect(rows).toHaveLength(2);
      expect(rows[0]).toMatchObject({ name: 'naïve 🔥', amount: Number.MAX_SAFE_INTEGER, weight: 0.1 });
      expect(Buffer.from(rows[0]?.['data'] as Uint8Array)).toEqual(Buffer.from(data));
      expect(rows[1]).toMatchObject({ weight: null, data: null });
    });

    test('counts and sums come back as numbers', async () => {
      await database.write([put('a', 2 ** 40), put('b', 1)]);
      const [row] = await database.query(
        'SELECT SUM(amount) AS total, COUNT(*) AS n, MAX(amount) AS m FROM things',
      );
      expect(row).toEqual({ total: 2 ** 40 + 1, n: 2, m: 2 ** 40 });
    });

    test('an integer that a number cannot hold is refused, not rounded', async () => {
      await database.write([put('a', Number.MAX_SAFE_INTEGER)]);
      await expect(database.query('SELECT amount + 10 AS n FROM things')).rejects.toThrow(DatabaseError);
    });

    test('a placeholder may stand twice and out of order', async () => {
      await database.write([{ sql: 'INSERT INTO things (amount, name) VALUES ($2, $1)', params: ['a', 7] }]);
      const rows = await database.query(
        'SELECT name FROM things WHERE amount = $2 AND name = $1 OR amount = $2',
        ['zzz', 7],
      );
      expect(rows).toEqual([{ name: 'a' }]);
    });

    test('text is ordered by its bytes, whatever the language of the machine', async () => {
      const names = ['b', 'a', 'Z', 'é', '_', '$LATEST', '10', '9'];
      await database.write(names.map((name) => put(name, 0)));
      const rows = await database.query('SELECT name FROM things ORDER BY name');
      expect(rows.map((row) => row['name'])).toEqual(['$LATEST', '10', '9', 'Z', '_', 'a', 'b', 'é']);
    });

    test('write answers the number of rows that each statement changed', async () => {
      await database.write([put('a', 1), put('b', 2)]);
      const changed = await database.write([
        { sql: 'UPDATE things SET amount = amount + 1' },
        { sql: 'DELETE FROM things WHERE name = $1', params: ['nobody'] },
        { sql: 'DELETE FROM things WHERE amount > $1 RETURNING name', params: [2] },
      ]);
      expect(changed).toEqual([2, 0, 1]);
    });

    test('a write applies all of its statements or none', async () => {
      await expect(database.write([put('a', 1), put('a', 2)])).rejects.toMatchObject({ code: 'unique' });
      expect(await countThings()).toBe(0);
    });

    test('a write that fails does not harm the writes beside it', async () => {
      const results = await Promise.allSettled([
        database.write([put('a', 1), put('b', 1)]),
        database.write([put('c', 1), put('c', 1)]),
        database.write([put('d', -1)]),
        database.write([{ sql: 'INSERT INTO nowhere (x) VALUES (1)' }]),
        database.write([put('e', 1)]),
      ]);
      expect(results.map(({ status }) => status)).toEqual([
        'fulfilled',
        'rejected',
        'rejected',
        'rejected',
        'fulfilled',
      ]);
      expect(results.map((result) => result.status === 'rejected' && result.reason.code)).toEqual([
        false,
        'unique',
        'constraint',
        'failed',
        false,
      ]);
      expect(await countThings()).toBe(3);
    });

    test('a query sees every write that was answered before it', async () => {
      for (let n = 1; n <= 50; n++) {
        await database.write([put(`thing ${n}`, n)]);
        expect(await countThings()).toBe(n);
      }
    });

    test('query refuses to write', async () => {
      await expect(database.query(`${insert} RETURNING name`, ['a', 1])).rejects.toThrow(DatabaseError);
      expect(await countThings()).toBe(0);
    });

    test('a transaction sees its own writes, others see them after it', async () => {
      await database.transaction(async (transaction) => {
        expect(await transaction.execute(insert, ['a', 1])).toBe(1);
        expect(await transaction.query(count)).toEqual([{ n: 1 }]);
        expect(await countThings()).toBe(0);
      });
      expect(await countThings()).toBe(1);
    });

    test('a transaction whose body rejects leaves nothing', async () => {
      const attempt = database.transaction(async (transaction) => {
        await transaction.execute(insert, ['a', 1]);
        throw new Error('changed my mind');
      });
      await expect(attempt).rejects.toThrow('changed my mind');
      expect(await countThings()).toBe(0);
    });

    test('a failing statement ends its transaction, also where the body goes on', async () => {
      const attempt = database.transaction(async (transaction) => {
        await transaction.execute(insert, ['a', 1]);
        const second = await transaction
          .execute(insert, ['a', 1])
          .catch((error: DatabaseError) => error.code);
        expect(second).toBe('unique');
      });
      await expect(attempt).rejects.toThrow(DatabaseError);
      expect(await countThings()).toBe(0);
    });

    test('transactions that read and then write lose no update', async () => {
      const second = await openDatabase(location, clock);
      await database.write([put('counter', 0)]);
      const increment = (one: Database): Promise<void> =>
        one.transaction(async (transaction) => {
          const [row] = await transaction.query('SELECT amount FROM things');
          await transaction.execute('UPDATE things SET amount = $1', [row ? numberOf(row, 'amount') + 1 : 0]);
        });
      await Promise.all(Array.from({ length: 40 }, (_, n) => increment(n % 2 ? database : second)));
      expect(await database.query('SELECT amount FROM things')).toEqual([{ amount: 40 }]);
      await second.close();
    });

    test('writes wait for the transaction before them, reads do not', async () => {
      const [inside, goOn] = [deferred(), deferred()];
      const transaction = database.transaction(async (transaction) => {
        await transaction.execute(insert, ['a', 1]);
        inside.resolve();
        await goOn.promise;
        await transaction.execute(insert, ['b', 1]);
      });
      await inside.promise;
      let written = false;
      const write = database.write([{ sql: 'DELETE FROM things' }]).then(() => {
        written = true;
      });
      expect(await countThings()).toBe(0);
      expect(written).toBe(false);
      goOn.resolve();
      await Promise.all([transaction, write]);
      expect(await countThings()).toBe(0);
    });

    test('a transaction that does not end is rolled back, and the writers go on', async () => {
      const [inside, never] = [deferred(), deferred()];
      let late: Promise<unknown> = Promise.resolve();
      const stuck = database.transaction(async (transaction) => {
        await transaction.execute(insert, ['a', 1]);
        inside.resolve();
        await never.promise;
        late = transaction.execute(insert, ['late', 1]);
        await late;
      });
      const outcome = expect(stuck).rejects.toMatchObject({ code: 'timeout' });
      await inside.promise;
      const write = database.write([put('b', 1)]);
      clock.advance(10_000);
      await outcome;
      await write;
      never.resolve();
      await never.promise;
      await expect(late).rejects.toThrow('the transaction has ended');
      expect(await database.query('SELECT name FROM things')).toEqual([{ name: 'b' }]);
    });

    test('text with U+0000 and numbers that are none are refused by name', async () => {
      await expect(database.write([put('a\0b', 1)])).rejects.toThrow('U+0000');
      await expect(database.write([put('a', Number.NaN)])).rejects.toThrow('NaN');
      expect(await countThings()).toBe(0);
    });

    test('close answers what was asked before it, and refuses what comes after', async () => {
      const writes = Array.from({ length: 20 }, (_, n) => database.write([put(`thing ${n}`, n)]));
      const closing = Promise.all([database.close(), database.close()]);
      await expect(database.write([put('late', 1)])).rejects.toMatchObject({ code: 'closed' });
      await expect(database.query(count)).rejects.toMatchObject({ code: 'closed' });
      await Promise.all([...writes, closing]);
      database = await openDatabase(location, clock);
      expect(await countThings()).toBe(20);
    });

    test('migrations apply once, also with two servers starting at once', async () => {
      const more = {
        id: 'test-0002-more',
        statements: [`INSERT INTO things (name, amount) VALUES ('once', 1)`],
      };
      const second = await openDatabase(location, clock);
      await Promise.all([applyMigrations(database, [things, more]), applyMigrations(second, [things, more])]);
      await applyMigrations(database, [things, more]);
      expect(await countThings()).toBe(1);
      await second.close();
    });

    test('a migration that fails leaves the schema as it was, and is tried again', async () => {
      const bad = {
        id: 'test-0002-bad',
        statements: ['CREATE TABLE half (x BIGINT)', 'CREATE TABLE half (x BIGINT)'],
      };
      await expect(applyMigrations(database, [things, bad])).rejects.toThrow(DatabaseError);
      const mended = { id: 'test-0002-bad', statements: ['CREATE TABLE half (x BIGINT)'] };
      await applyMigrations(database, [things, mended]);
      expect(await database.query('SELECT * FROM half')).toEqual([]);
    });

    test('a migration that was edited after it was applied is refused', async () => {
      const edited = { ...things, statements: [...things.statements, 'CREATE TABLE extra (x BIGINT)'] };
      await expect(applyMigrations(database, [edited])).rejects.toThrow(/test-0001-things differs/);
    });

    test('kill -9 of a writing process loses nothing that was acknowledged and leaves nothing half', async () => {
      for (let round = 0; round < 3; round++) {
        await database.write([{ sql: 'DELETE FROM left_half' }, { sql: 'DELETE FROM right_half' }]);
        const acknowledged = await writeUntilKilled(location, 200 + round * 37);
        const left = (await database.query('SELECT pair FROM left_half')).map((row) => row['pair']);
        const right = (await database.query('SELECT pair FROM right_half')).map((row) => row['pair']);
        expect(new Set(left)).toEqual(new Set(right));
        expect(acknowledged.filter((pair) => !left.includes(pair))).toEqual([]);
        expect(acknowledged.length).toBeGreaterThanOrEqual(200);
      }
    });
  });
}

/** The pairs that a child acknowledged until it was killed, which is after `acknowledgements` of them. */
async function writeUntilKilled(location: DatabaseLocation, acknowledgements: number): Promise<number[]> {
  const script = join(import.meta.dirname, '../../tests/support/database-writer.ts');
  const child = spawn(process.execPath, [script, JSON.stringify(location)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const acknowledged: number[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.push(Number(line));
    if (acknowledged.length === acknowledgements) child.kill('SIGKILL');
  }
  await exited;
  return acknowledged;
}
