import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { type HearthSettings, type RunningHearth, root, startHearth } from './hearth.ts';
import { awsEnv, needs, programs, run } from './programs.ts';

interface Outcome {
  readonly name: string;
  readonly ok: boolean;
  readonly detail?: string;
}

/**
 * Runs a file of `tests/conformance` that is written with `tests/support/checks.py`, against a server of its own, in one Python
 * process; every `@check('sentence')` in it becomes a test.
 */
export function boto3Checks(
  file: string,
  settings: HearthSettings & { readonly checkEnv?: Readonly<Record<string, string>> } = {},
): void {
  const test = needs(programs.python, 'Python with boto3');
  const path = join(root, 'tests/conformance', file);
  const names = [...readFileSync(path, 'utf8').matchAll(/^@check\((['"])(.+)\1\)$/gm)].map(
    ([, , name = '']) => name,
  );
  let hearth: RunningHearth;
  let outcomes: ReadonlyMap<string, Outcome>;

  beforeAll(async () => {
    if (programs.python === undefined) return;
    hearth = await startHearth(settings);
    const env = awsEnv(hearth.endpoint, {
      ...settings.checkEnv,
      PYTHONPATH: join(root, 'tests/support'),
      PYTHONDONTWRITEBYTECODE: '1',
    });
    const { stdout, stderr } = await run([programs.python, path], { env });
    const lines = stdout.split('\n').filter((line) => line !== '');
    // The process ends with an error before its first line when it could not even load the checks.
    if (lines.length === 0) throw new Error(stderr);
    outcomes = new Map(lines.map((line) => JSON.parse(line) as Outcome).map((one) => [one.name, one]));
  });
  afterAll(() => hearth?.dispose());

  for (const name of names) {
    test(name, () => {
      const { ok, detail } = outcomes.get(name) ?? { ok: false, detail: 'the check did not run' };
      expect(ok, detail).toBe(true);
    });
  }
}
