import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Interpreters } from '../../src/runtimes/interpreters.ts';
import { clientClassPath, clientFolder } from '../../src/runtimes/java/interface-client.ts';
import { type FoundInterpreter, thisMachine } from './interpreters.ts';
import { run } from './programs.ts';
import { sources } from './vendor-builds.ts';

export async function foundJavas(runtimesDir: string): Promise<readonly FoundInterpreter[]> {
  const interpreters = new Interpreters(thisMachine(runtimesDir));
  const found = ['8', '11', '17', '21', '25'].map(async (major) => {
    const interpreter = await interpreters.find({ kind: 'java', major });
    return interpreter ? [{ name: major === '8' ? 'java8.al2' : `java${major}`, ...interpreter }] : [];
  });
  return (await Promise.all(found)).flat();
}

export interface JavaFunctions {
  /** Classes, and what they depend on as a jar below `lib/`. */
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** The content of a layer. */
  readonly layer: Readonly<Record<string, Uint8Array>>;
  /** The classes as one jar, the way build tools make it. */
  readonly jar: string;
  /** The folder with the classes. */
  readonly classes: string;
}

/** Compiles the sources of `tests/vendors/functions/java` for every Java that AWS has. */
export async function compileJava(folder: string, runtimesDir: string): Promise<JavaFunctions> {
  const client = clientClassPath(clientFolder(thisMachine(runtimesDir)));
  const classPath = ['helper', 'shared'].map((name) => join(folder, name));
  for (const name of ['helper', 'shared', 'demo']) {
    const target = join(folder, name);
    rmSync(target, { recursive: true, force: true });
    mkdirSync(target, { recursive: true });
    const files = readdirSync(join(sources, 'java', name)).map((file) => join(sources, 'java', name, file));
    const path = [client, ...classPath.filter((one) => existsSync(one))].join(':');
    await must(['javac', '--release', '8', '-nowarn', '-proc:none', '-cp', path, '-d', target, ...files]);
    await must(['jar', 'cf', join(folder, `${name}.jar`), '-C', target, '.']);
  }
  const classes = readdirSync(join(folder, 'demo/demo')).map((name) => `demo/${name}`);
  return {
    files: {
      ...Object.fromEntries(classes.map((name) => [name, readFileSync(join(folder, 'demo', name))])),
      'lib/helper.jar': readFileSync(join(folder, 'helper.jar')),
    },
    layer: { 'java/lib/shared.jar': readFileSync(join(folder, 'shared.jar')) },
    jar: join(folder, 'demo.jar'),
    classes: join(folder, 'demo'),
  };
}

async function must(command: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await run(command);
  if (code !== 0) throw new Error(`${command[0]}: ${stdout}${stderr}`);
}
