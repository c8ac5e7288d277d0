import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CannotAddRuntime } from '../cannot-add-runtime.ts';
import type { OnFetch } from '../libraries.ts';
import type { Machine } from '../machine.ts';
import { type Artifact, jarOf } from './artifact.ts';

const CLIENT: Artifact = {
  group: 'com.amazonaws',
  name: 'aws-lambda-java-runtime-interface-client',
  version: '2.10.1',
  sha256Hex: 'b0dd01f45b7258da0e32ade0bff950b12d0cf279ccebf416ad8c3795af21f1db',
};

/** AWS's client and everything that it needs, as its own manifest lists them. */
const artifacts: readonly Artifact[] = [
  {
    group: 'com.amazonaws',
    name: 'aws-lambda-java-core',
    version: '1.4.0',
    sha256Hex: '575c24393cc1ad645e83e618956eabd89ffe8cc09efae2cb62bc6589154d68ed',
  },
  CLIENT,
  {
    group: 'com.amazonaws',
    name: 'aws-lambda-java-serialization',
    version: '1.2.0',
    sha256Hex: '1513c1f945a3213f916a4b2de1760c97b51d84d110f82bbbcf9cfac53d5651e7',
  },
  {
    group: 'software.amazon.awssdk',
    name: 'utils-lite',
    version: '2.34.0',
    sha256Hex: 'efaf784f07ae526f0b5c89d71ef21cf16636131c47d44616e3df9bedc3f4f89a',
  },
  {
    group: 'software.amazon.awssdk',
    name: 'annotations',
    version: '2.34.0',
    sha256Hex: 'fafdcb55f4e5af603f5219f4a2b080aa0decb562a7c0944f7a7eca82dd47e487',
  },
];

const FOLDER_PREFIX = 'java-';

export const ENTRY_POINT = 'com.amazonaws.services.lambda.runtime.api.client.AWSLambda';
const NATIVE_PROPERTY = 'com.amazonaws.services.lambda.runtime.api.client.runtimeapi.NativeClient.JNI';

/** The jars in `lib` of the runtime's folder, in the order of AWS's own class path. */
export function clientClassPath(runtimeDir: string): string {
  return artifacts.map((artifact) => `${runtimeDir}/lib/${jarOf(artifact)}`).join(':');
}

export function nativeFlags(runtimeDir: string, arch: Machine['arch']): readonly string[] {
  return [`-D${NATIVE_PROPERTY}=${runtimeDir}/${nativeLibrary(arch)}`];
}

/** The host folder that appears at `/var/runtime`; another version of the client has another folder. */
export function clientFolder({ runtimesDir }: Machine): string {
  return join(runtimesDir, 'var-runtime', `${FOLDER_PREFIX}${CLIENT.version}`);
}

/** The part of the client that speaks HTTP; below `/var/runtime`. AWS builds none for other systems than Linux. */
function nativeLibrary(arch: Machine['arch']): string {
  return `lib/jni/libaws-lambda-jni.linux-${arch === 'arm64' ? 'aarch_64' : 'x86_64'}.so`;
}

export function clientMissing(machine: Machine): boolean {
  return !existsSync(clientFolder(machine));
}

/** Whether an earlier version of Hearth added the client, in a version of its own. */
export async function clientOutdated(machine: Machine): Promise<boolean> {
  if (!clientMissing(machine)) return false;
  const names = await readdir(join(machine.runtimesDir, 'var-runtime')).catch((): string[] => []);
  return names.some((name) => /^java-[\d.]+$/.test(name));
}

/** Fetches the client from a Maven repository, whole or not at all. Rejects with `CannotAddRuntime`. */
export async function provisionClient(machine: Machine, onFetch: OnFetch): Promise<void> {
  if (!clientMissing(machine)) return;
  const { fetchArtifact } = await import('./maven.ts');
  const folder = clientFolder(machine);
  const staging = `${folder}.${process.pid}.new`;
  await rm(staging, { recursive: true, force: true });
  await mkdir(join(staging, 'lib/jni'), { recursive: true });
  try {
    for (const [index, artifact] of artifacts.entries()) {
      onFetch(`${jarOf(artifact)} (${index + 1} of ${artifacts.length})`);
      const bytes = await fetchArtifact(machine, artifact);
      await writeFile(join(staging, 'lib', jarOf(artifact)), bytes);
      if (artifact === CLIENT) await unpackNative(machine, staging, bytes);
    }
    await rename(staging, folder);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Ahead of time: the client would unpack it to `/tmp` at every start, beside the function's own files. */
async function unpackNative({ arch }: Machine, staging: string, jar: Uint8Array): Promise<void> {
  const target = nativeLibrary(arch);
  const entry = target.slice('lib/'.length);
  const { unzipSync } = await import('fflate');
  const bytes = unzipSync(jar, { filter: ({ name }) => name === entry })[entry];
  if (!bytes) throw new CannotAddRuntime(`${jarOf(CLIENT)} has no ${entry}.`);
  await writeFile(join(staging, target), bytes, { mode: 0o755 });
}
