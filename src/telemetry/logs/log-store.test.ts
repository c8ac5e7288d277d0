import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { logStoreContract } from './log-store.contract.ts';

const folder = mkdtempSync(join(tmpdir(), 'hearth-logs-'));
let made = 0;

afterAll(() => rmSync(folder, { recursive: true }));

logStoreContract('SQLite', async () => ({ file: join(folder, `${++made}.db`), survives: 'process-death' }));
