import { CannotAddRuntime } from '../cannot-add-runtime.ts';
import { type Interpreter, Interpreters } from '../interpreters.ts';
import type { OnFetch } from '../libraries.ts';
import type { Machine } from '../machine.ts';
import { clientOutdated, provisionClient } from './interface-client.ts';
import { ensureSharedArchive } from './shared-archive.ts';

/**
 * Fetches AWS's client where it is missing, for a JDK of this very version that is on the machine: Hearth brings none.
 * Rejects with `CannotAddRuntime`.
 */
export async function addJava(machine: Machine, major: string, onFetch: OnFetch): Promise<Interpreter> {
  if (process.platform !== 'linux') {
    throw new CannotAddRuntime("AWS's runtime interface client for Java runs on Linux alone.");
  }
  const found = await new Interpreters(machine).find({ kind: 'java', major });
  if (!found) {
    throw new CannotAddRuntime(
      `There is no Java ${major} on this machine: ${howToInstallJava(major)}, or by SDKMAN!, mise or asdf, or set ` +
        'JAVA_HOME. Hearth finds it there.',
    );
  }
  await provisionClient(machine, onFetch);
  await ensureSharedArchive(machine, found);
  return found;
}

export function howToInstallJava(major: string): string {
  return `install Java ${major} (such as: apt-get install openjdk-${major}-jre-headless)`;
}

/**
 * After an update of Hearth: fetches the version of AWS's client that it goes with, where one was added before. Rejects
 * with `CannotAddRuntime`.
 */
export async function refreshJava(machine: Machine, onFetch: OnFetch): Promise<void> {
  if (await clientOutdated(machine)) await provisionClient(machine, onFetch);
}
