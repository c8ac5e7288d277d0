import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exitCodes } from '../command.ts';
import { runProgram } from '../program.ts';
import { runtimes } from './runtimes.ts';

const folder = mkdtempSync(join(tmpdir(), 'hearth-runtimes-command-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The only program of this machine: an npm that puts a Node.js 18 where it is asked to, and knows no SDK. */
beforeAll(() => {
  mkdirSync(join(folder, 'bin'));
  const npm = `#!/bin/sh
PATH=/usr/bin:/bin
for name in "$@"; do case $name in
  @*) echo 'no network' >&2; exit 1;;
  node-*) mkdir -p "node_modules/\${name%@*}/bin"; cd "node_modules/\${name%@*}/bin"
    printf '#!/bin/sh\\necho v18.1.2\\n' > node; chmod +x node;;
esac; done
`;
  writeFileSync(join(folder, 'bin/npm'), npm, { mode: 0o755 });
});

async function runLine(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const code = await runProgram([runtimes], {
    argv: ['node', 'hearth', 'runtimes', ...argv, '--data-dir', join(folder, 'data')],
    env: { PATH: join(folder, 'bin'), HOME: folder, RUNNER_TOOL_CACHE: folder },
    stdout,
    stderr,
    signal: new AbortController().signal,
    version: '0.0.0',
  });
  return { code, out: String(stdout.read() ?? ''), err: String(stderr.read() ?? '') };
}

test('a runtime that was added is in the list, and a missing SDK is only noted', async () => {
  const missing = (await runLine()).out;
  expect(missing).toMatch(/^ {2}no +nodejs18\.x +to add: hearth runtimes add nodejs18\.x$/m);
  const { code, out, err } = await runLine('add', 'nodejs18.x');
  expect(code).toBe(exitCodes.ok);
  expect(out).toMatch(/^nodejs18\.x: 18\.1\.2 at /);
  expect(err).toContain('no network\nFunctions run, but have to bring this SDK themselves.');
  expect((await runLine()).out).toMatch(/^ {2}ok +nodejs18\.x +18\.1\.2 at /m);
});

test('a runtime that cannot be added fails with what to do instead', async () => {
  const { code, err } = await runLine('add', 'ruby3.4');
  expect(code).toBe(exitCodes.failed);
  expect(err).toContain('Hearth does not run Ruby functions.');
});

test('an action that it does not have is a usage error', async () => {
  expect((await runLine('remove', 'nodejs18.x')).code).toBe(exitCodes.usage);
});
