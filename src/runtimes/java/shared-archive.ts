import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Interpreter } from '../interpreters.ts';
import type { Machine } from '../machine.ts';
import { clientClassPath, clientFolder, ENTRY_POINT, nativeFlags } from './interface-client.ts';

/** Below `/var/runtime`. */
const FOLDER = 'lib/cds';
const TRAINING_TIMEOUT_MS = 60_000;
/** The first with archives that a program adds to the one of the JDK, and with every flag that is used here. */
const OLDEST_MAJOR = 17;

/** An archive is taken only where the jars have the paths that it was made with: those inside, in mounts of its own. */
const IN_PLACE = `set -e
cd "$0"
mount -t tmpfs tmpfs /var
mkdir /var/runtime
mount --no-canonicalize --bind . /var/runtime
exec "$@"`;

/**
 * The classes of AWS's client as the Java machine keeps them in memory, below `/var/runtime`; AWS's runtimes bring such an
 * archive too. It halves Init: 230 to 115 ms under Java 17 and 25, and costs 0.9 s and 7 MB once for each JDK.
 * Undefined where it cannot be made: Hearth is not root, or Java is older or has no archive of its own to add to (as
 * jlink makes it). Functions start without.
 */
export async function ensureSharedArchive(
  machine: Machine,
  { path, version }: Interpreter,
): Promise<string | undefined> {
  const base = join(dirname(dirname(path)), 'lib/server/classes.jsa');
  if (process.getuid?.() !== 0 || Number.parseInt(version, 10) < OLDEST_MAJOR || !existsSync(base))
    return undefined;
  const jdk = createHash('sha256').update(path).digest('hex').slice(0, 12);
  const archive = `${FOLDER}/${jdk}-${version}-${Math.trunc(statSync(path).mtimeMs)}.jsa`;
  const folder = clientFolder(machine);
  if (existsSync(join(folder, archive))) return archive;
  await mkdir(join(folder, FOLDER), { recursive: true });
  const draft = `${archive}.${process.pid}.new`;
  await machine.runProgram(
    ['unshare', '--mount', 'sh', '-c', IN_PLACE, folder, ...training(path, machine, draft)],
    {
      // Nobody listens there, so that it ends when all is loaded.
      env: { ...trainingVariables, PATH: machine.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin' },
      timeoutMs: TRAINING_TIMEOUT_MS,
    },
  );
  if (!existsSync(join(folder, draft))) return undefined;
  await removeOthers(join(folder, FOLDER), jdk, basename(draft));
  await rename(join(folder, draft), join(folder, archive));
  return archive;
}

/** A handler that every JDK has, as a method of a class, which is the form that loads most. */
const TRAINING_HANDLER = 'java.util.HashMap::size';
const trainingVariables = {
  AWS_LAMBDA_RUNTIME_API: '127.0.0.1:9',
  AWS_LAMBDA_FUNCTION_NAME: 'training',
  AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
  AWS_LAMBDA_LOG_GROUP_NAME: 'training',
  AWS_LAMBDA_LOG_STREAM_NAME: 'training',
};

function training(java: string, { arch }: Machine, draft: string): readonly string[] {
  return [
    java,
    `-XX:ArchiveClassesAtExit=/var/runtime/${draft}`,
    '-XX:+UseSerialGC',
    '--add-opens=java.base/java.io=ALL-UNNAMED',
    ...nativeFlags('/var/runtime', arch),
    '-classpath',
    clientClassPath('/var/runtime'),
    ENTRY_POINT,
    TRAINING_HANDLER,
  ];
}

/** Those of the same JDK before it was updated; a machine that runs on one keeps what it opened. */
async function removeOthers(folder: string, jdk: string, kept: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith(jdk) && name !== kept) await rm(join(folder, name), { force: true });
  }
}
