/**
 * A process to be killed: writes pairs (one row in each of two tables) through `write` and `transaction`, and prints
 * the number of a pair once it is acknowledged. Argument: the database's location as JSON.
 */
import { WallClock } from '../../src/base/index.ts';
import { type DatabaseLocation, openDatabase } from '../../src/store/index.ts';

const location = JSON.parse(process.argv[2] ?? '') as DatabaseLocation;
const database = await openDatabase(location, new WallClock());
let lastPair = 0;

async function writePairs(): Promise<void> {
  for (;;) {
    const pair = ++lastPair;
    await database.write([
      { sql: 'INSERT INTO left_half (pair) VALUES ($1)', params: [pair] },
      { sql: 'INSERT INTO right_half (pair) VALUES ($1)', params: [pair] },
    ]);
    process.stdout.write(`${pair}\n`);
  }
}

async function transactPairs(): Promise<void> {
  for (;;) {
    const pair = ++lastPair;
    await database.transaction(async (transaction) => {
      await transaction.execute('INSERT INTO left_half (pair) VALUES ($1)', [pair]);
      await transaction.execute('INSERT INTO right_half (pair) VALUES ($1)', [pair]);
    });
    process.stdout.write(`${pair}\n`);
  }
}

await Promise.all([...Array.from({ length: 8 }, writePairs), transactPairs()]);
