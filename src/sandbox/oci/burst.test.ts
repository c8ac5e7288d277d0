import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createLog, WallClock } from '../../base/index.ts';
import { ociIsPossible, outcomeOf, shellSpec } from '../sandbox.contract.ts';
import { createOciSandboxFactory } from './oci-factory.ts';

test.skipIf(!(await ociIsPossible()))(
  'fifty sandboxes start at once, each with its own /tmp and user',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sandbox-burst-'));
    const stateDir = join(folder, 'state');
    const factory = await createOciSandboxFactory({
      stateDir,
      log: createLog('warn'),
      clock: new WallClock(),
    });
    const specs = Array.from({ length: 50 }, (_, index) =>
      shellSpec(`ls -A /tmp; echo ${index} >/tmp/mine; cat /tmp/mine; id -u`),
    );
    const outcomes = await Promise.all(specs.map(async (spec) => outcomeOf(await factory.start(spec))));
    const lines = outcomes.map(({ stdout }) => stdout.trim().split('\n'));
    expect(lines.map(([index]) => index)).toEqual(specs.map((_, index) => String(index)));
    expect(new Set(lines.map(([, uid]) => uid)).size).toBe(50);
    await factory.close();
    rmSync(folder, { recursive: true });
  },
);
