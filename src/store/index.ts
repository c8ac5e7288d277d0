export type { Database, Migration, Row, SqlValue, Statement, Transaction } from './database.ts';
