import { table } from '../../scripts/marked-section.ts';

/** How one contender did. */
export interface Compared {
  readonly name: string;
  readonly version: string;
  readonly readyMs: number;
  /** Of 16 connections. */
  readonly perSecond: number;
  /** Of one connection. */
  readonly p50Us: number;
  readonly coldP50Ms: number;
  /** Answers of other status than 200. */
  readonly failed: number;
}

export function comparisonTable(compared: readonly Compared[]): string {
  const rows = compared.map((one) => [
    `${one.name} (${one.version})`,
    `${one.perSecond}`,
    `${one.p50Us} µs`,
    `${one.coldP50Ms} ms`,
    `${one.readyMs} ms`,
    `${one.failed}`,
  ]);
  const warm = ['warm, 16 connections: requests/s', 'warm, one connection: p50'];
  return table(['', ...warm, 'first answer: p50', 'ready after', 'failed'], rows);
}
