import type { DatabaseErrorCode, Row, SqlValue, Statement } from '../database.ts';

/** What the worker opens. */
export interface WriterOptions {
  readonly file: string;
  /** `full`: a commit survives the loss of power. `normal`: it survives the death of the process. */
  readonly synchronous: 'full' | 'normal';
}

/** To the writer. `id` names the call to answer; a transaction is named by the id of its `begin`. */
export type WriterRequest =
  | { readonly kind: 'write'; readonly id: number; readonly statements: readonly Statement[] }
  | { readonly kind: 'begin'; readonly id: number }
  | {
      readonly kind: 'step';
      readonly id: number;
      readonly transaction: number;
      readonly mode: 'query' | 'execute';
      readonly sql: string;
      readonly params: readonly SqlValue[];
    }
  | {
      readonly kind: 'end';
      readonly id: number;
      readonly transaction: number;
      readonly how: 'commit' | 'rollback';
    }
  | { readonly kind: 'close'; readonly id: number };

export type WriterResult = readonly number[] | readonly Row[] | number | null;

export type WriterAnswer =
  | { readonly id: number; readonly ok: true; readonly value: WriterResult }
  | { readonly id: number; readonly ok: false; readonly code: DatabaseErrorCode; readonly message: string };
