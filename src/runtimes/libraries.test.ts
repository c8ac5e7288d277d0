import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { thisMachine } from '../../tests/support/interpreters.ts';
import { addRuntime } from './add-runtime.ts';
import { librariesMissing, nodeLibraries, provisionRuntimeLibraries } from './libraries.ts';
import type { Machine } from './machine.ts';

const folder = mkdtempSync(join(tmpdir(), 'hearth-libraries-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Installs nothing but names: one folder for each package, as npm would. */
const NPM = `for name in "$@"; do case $name in
  @*) mkdir -p "node_modules/$name";;
  node-*) dir="node_modules/\${name%@*}/bin"; mkdir -p "$dir"
    printf '#!/bin/sh\\necho v%s.1.2\\n' "\${name#*@}" > "$dir/node"; chmod +x "$dir/node";;
esac; done`;

/** Answers as Python, as its pip and as its compiler. */
const PYTHON = `case "$*" in
  --version) echo 'Python 3.14.1';;
  *"pip install"*) while [ $# -gt 0 ]; do [ "$1" = --target ] && mkdir -p "$2/boto3" "$2/botocore"; shift; done;;
esac`;

const UV = `while [ $# -gt 0 ]; do [ "$1" = --install-dir ] && dir=$2; shift; done
mkdir -p "$dir/cpython-3.14.1/bin"
printf '#!/bin/sh\\necho Python 3.14.1\\n' > "$dir/cpython-3.14.1/bin/python3.14"
chmod +x "$dir/cpython-3.14.1/bin/python3.14"`;

const FAILS = `echo 'no network' >&2; exit 1`;

/** A machine whose only programs are these; each notes that it was called. */
function machineWith(name: string, programs: Readonly<Record<string, string>>): Machine {
  const home = join(folder, name);
  mkdirSync(join(home, 'bin'), { recursive: true });
  for (const [program, script] of Object.entries(programs)) {
    const text = `#!/bin/sh\nPATH=/usr/bin:/bin\necho ${program} >> ${home}/calls\n${script}\n`;
    writeFileSync(join(home, 'bin', program), text, { mode: 0o755 });
  }
  const env = { PATH: join(home, 'bin'), RUNNER_TOOL_CACHE: join(home, 'none') };
  return { ...thisMachine(join(home, 'data')), home, env };
}

function callsOn(machine: Machine): readonly string[] {
  return readFileSync(join(machine.home, 'calls'), 'utf8').trim().split('\n');
}

describe('the SDKs', () => {
  test('are installed once for each language', async () => {
    const machine = machineWith('fresh', { npm: NPM, 'python3.14': PYTHON });
    expect(librariesMissing(machine, 'nodejs')).toBe(true);
    expect(await provisionRuntimeLibraries(machine)).toMatchObject([
      { kind: 'nodejs', outcome: 'installed' },
      { kind: 'python', outcome: 'installed' },
    ]);
    const runtime = join(machine.runtimesDir, 'var-runtime');
    expect(readdirSync(join(runtime, 'nodejs/node_modules/@aws-sdk'))).toHaveLength(nodeLibraries.length);
    expect(existsSync(join(runtime, 'python/boto3'))).toBe(true);
    const calls = callsOn(machine).length;
    expect((await provisionRuntimeLibraries(machine)).map(({ outcome }) => outcome)).toEqual([
      'present',
      'present',
    ]);
    expect(callsOn(machine)).toHaveLength(calls);
    expect(readdirSync(runtime).sort()).toEqual(['nodejs', 'python']);
  });

  test('that cannot be installed are reported with the reason, and tried again', async () => {
    const machine = machineWith('offline', {
      npm: FAILS,
      'python3.14': `case $1 in --version) echo Python 3.14.1;; *) ${FAILS};; esac`,
    });
    const reports = await provisionRuntimeLibraries(machine);
    expect(reports).toMatchObject([
      { kind: 'nodejs', outcome: 'missing', detail: expect.stringContaining('no network') },
      { kind: 'python', outcome: 'missing', detail: expect.stringContaining('apt-get install python3-pip') },
    ]);
    expect(librariesMissing(machine, 'nodejs')).toBe(true);
    machineWith('offline', { npm: NPM });
    expect(await provisionRuntimeLibraries(machine, ['nodejs'])).toMatchObject([{ outcome: 'installed' }]);
  });

  test('without any package manager the reason says so', async () => {
    const reports = await provisionRuntimeLibraries(machineWith('bare', {}));
    expect(reports.map(({ outcome }) => outcome)).toEqual(['missing', 'missing']);
    for (const { detail } of reports) expect(detail).toMatch(/ENOENT|no such program/);
  });
});

describe('adding a runtime', () => {
  test('Node.js comes from npm', async () => {
    const machine = machineWith('add-node', { npm: NPM });
    const added = await addRuntime(machine, 'nodejs18.x');
    expect(added).toMatchObject({
      identifier: 'nodejs18.x',
      path: join(
        machine.runtimesDir,
        `nodejs/18/node_modules/node-${process.platform}-${machine.arch}/bin/node`,
      ),
      version: '18.1.2',
      libraries: [{ kind: 'nodejs', outcome: 'installed' }],
    });
  });

  test('Python comes from uv', async () => {
    const machine = machineWith('add-python', { uv: UV });
    expect(await addRuntime(machine, 'python3.14')).toMatchObject({
      path: join(machine.runtimesDir, 'python/cpython-3.14.1/bin/python3.14'),
      version: '3.14.1',
    });
  });

  test('what is there already is not fetched', async () => {
    const machine = machineWith('add-present', { 'python3.14': PYTHON });
    expect(await addRuntime(machine, 'python3.14')).toMatchObject({
      path: join(machine.home, 'bin/python3.14'),
    });
    expect(callsOn(machine)).not.toContain('uv');
  });

  test.each([
    ['python3.14', /uv is not installed.*pyenv install 3\.14/],
    ['nodejs18.x', /npm could not install node-\w+-\w+@18/],
    ['provided.al2023', /brings its own bootstrap/],
    ['ruby3.4', /does not run Ruby functions\. Deploy it on provided\.al2023/],
    ['cobol', /AWS Lambda has no runtime cobol/],
  ])('%s cannot be added here, and the message says why', async (identifier, message) => {
    const machine = machineWith(`add-not-${identifier}`, {});
    await expect(addRuntime(machine, identifier)).rejects.toThrow(message);
    const fetched = join(machine.runtimesDir, 'nodejs');
    expect(existsSync(fetched) ? readdirSync(fetched) : []).toEqual([]);
  });
});
