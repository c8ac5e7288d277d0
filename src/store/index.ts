export {
  type Database,
  DatabaseError,
  type DatabaseErrorCode,
  type Migration,
  type Row,
  type SqlValue,
  type Statement,
  type Transaction,
} from './database.ts';
export { type DataFolderLock, lockDataFolder } from './data-folder-lock.ts';
export { type DatabaseLock, lockDatabase } from './postgres/database-lock.ts';
export { applyMigrations, emptyTables } from './migrations.ts';
export { type DatabaseLocation, openDatabase } from './open.ts';
export { bytesOf, numberOf, optional, prefixEnd, textOf } from './values.ts';
