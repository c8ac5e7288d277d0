import { copyFileSync, cpSync, mkdirSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { run } from './programs.ts';

/** What the tests' Python has of AWS's runtime interface client; undefined where it is not installed. */
export interface PythonWithClient {
  readonly program: string;
  readonly library: string;
  readonly packages: readonly string[];
}

const script = `import sys, sysconfig, os
import awslambdaric, runtime_client, simplejson, snapshot_restore_py
print(os.path.realpath(sys.executable))
print(sysconfig.get_path('stdlib'))
for module in (awslambdaric, simplejson, snapshot_restore_py): print(os.path.dirname(module.__file__))
print(runtime_client.__file__)`;

export async function pythonWithClient(python: string | undefined): Promise<PythonWithClient | undefined> {
  if (python === undefined) return undefined;
  const { code, stdout } = await run([python, '-c', script]);
  const [program = '', library = '', ...packages] = stdout.trim().split('\n');
  return code === 0 ? { program, library, packages } : undefined;
}

/** A root with this Python, its library, the client and `app.py` in `/var/task`: what a Dockerfile `FROM python` makes. */
export async function pythonTree(python: PythonWithClient, app: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'hearth-tree-'));
  put(folder, python.program, python.program);
  const unneeded = /^(test|site-packages|dist-packages|idlelib|tkinter|ensurepip|__pycache__|config-.*)$/;
  const filter = (path: string): boolean => !unneeded.test(basename(path));
  cpSync(python.library, join(folder, python.library), { recursive: true, dereference: true, filter });
  const task = join(folder, 'var/task');
  for (const path of python.packages) cpSync(path, join(task, basename(path)), { recursive: true });
  writeFileSync(join(task, 'app.py'), app);
  for (const path of await librariesOf(folder)) put(folder, path, path);
  return folder;
}

async function librariesOf(folder: string): Promise<readonly string[]> {
  const { stdout: binaries } = await run([
    'find',
    folder,
    '-type',
    'f',
    '(',
    '-name',
    '*.so',
    '-o',
    '-perm',
    '-111',
    ')',
  ]);
  const { stdout } = await run(['ldd', ...binaries.trim().split('\n')]);
  const found = [...stdout.matchAll(/(?:=> |^\t)(\/\S+) \(/gm)].map(([, path = '']) => path);
  return [...new Set(found)];
}

function put(folder: string, source: string, path: string): void {
  const target = join(folder, path);
  mkdirSync(dirname(target), { recursive: true, mode: 0o755 });
  copyFileSync(realpathSync(source), target);
}
