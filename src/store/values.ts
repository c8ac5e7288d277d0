import { invariant } from '../base/index.ts';
import { DatabaseError, type Row, type SqlValue } from './database.ts';

/** The TEXT in a column that is never null. */
export function textOf(row: Row, column: string): string {
  const value = row[column];
  invariant(typeof value === 'string', `column ${column} holds no text`);
  return value;
}

/** The number in a column that is never null. */
export function numberOf(row: Row, column: string): number {
  const value = row[column];
  invariant(typeof value === 'number', `column ${column} holds no number`);
  return value;
}

/** The bytes in a column that is never null. */
export function bytesOf(row: Row, column: string): Uint8Array {
  const value = row[column];
  invariant(value instanceof Uint8Array, `column ${column} holds no bytes`);
  return value;
}

/** `read(row, column)`, or undefined where the column is null: `optional(textOf, row, 'description')`. */
export function optional<T>(read: (row: Row, column: string) => T, row: Row, column: string): T | undefined {
  return row[column] === null ? undefined : read(row, column);
}

/** The first text after all that begin with `prefix`, in byte order: `name >= prefix AND name < prefixEnd(prefix)`. */
export function prefixEnd(prefix: string): string {
  return `${prefix}\u{10FFFF}`;
}

/** Refuses what one database would take and the other not. */
export function checkParams(params: readonly SqlValue[]): void {
  for (const value of params) {
    if (typeof value === 'string' && value.includes('\0')) {
      throw new DatabaseError('failed', 'text must not contain U+0000');
    }
    if (typeof value === 'number' && !Number.isFinite(value)) {
      throw new DatabaseError('failed', `${value} is not a number that the database can hold`);
    }
  }
}
