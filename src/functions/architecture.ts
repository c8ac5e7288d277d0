import { constants, readdirSync, readFileSync } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { awsError, type FunctionVersion } from '../model/index.ts';

type Architecture = FunctionVersion['architecture'];

/** What this machine runs. */
export const machineArchitecture: Architecture = process.arch === 'arm64' ? 'arm64' : 'x86_64';

/** Bytes of a program that tell what it is compiled for; emulators are registered by no more. */
const HEADER_BYTES = 128;
const ELF = Buffer.from('\x7fELF', 'latin1');
const MACHINE_AT = 18;
const MACHINES: Readonly<Record<Architecture, number>> = { x86_64: 62, arm64: 183 };

interface ArchitectureCheck {
  readonly architecture: Architecture;
  readonly runtime: string;
  /** Folders that become `/var/task` and, one by one, `/opt`. */
  readonly task: string;
  readonly layers: readonly string[];
  /** Where the kernel lists its emulators; `/proc/sys/fs/binfmt_misc`. */
  readonly emulatorsFolder: string;
}

/**
 * Refuses a function for the other architecture whose own programs are compiled for it, unless the kernel has an emulator
 * for them. What is interpreted runs natively. Throws `InvalidParameterValueException`.
 */
export async function checkArchitecture(check: ArchitectureCheck): Promise<void> {
  if (check.architecture === machineArchitecture) return;
  for (const { path, shown } of await programsOf(check)) {
    const header = await headerOf(path);
    if (!header || !isFor(check.architecture, header)) continue;
    if (emulators(check.emulatorsFolder).some((emulator) => matches(emulator, header))) continue;
    throw awsError(
      'InvalidParameterValueException',
      `${shown} is compiled for ${check.architecture}, and this machine is ${machineArchitecture}. Build it for ${machineArchitecture}, or register an emulator with the kernel (apt-get install qemu-user-static).`,
    );
  }
}

/** What the platform itself would start: a custom runtime's `bootstrap`, and extensions. */
async function programsOf({ runtime, task, layers }: ArchitectureCheck) {
  const programs = runtime.startsWith('provided')
    ? [
        { path: join(task, 'bootstrap'), shown: 'bootstrap' },
        ...layers.map((layer) => ({ path: join(layer, 'bootstrap'), shown: '/opt/bootstrap' })),
      ]
    : [];
  for (const layer of layers) {
    const names = await readdir(join(layer, 'extensions')).catch((): string[] => []);
    for (const name of names)
      programs.push({ path: join(layer, 'extensions', name), shown: `/opt/extensions/${name}` });
  }
  return programs;
}

/** The first bytes of a file; undefined where there is none. */
async function headerOf(path: string): Promise<Buffer | undefined> {
  const stats = await stat(path).catch(() => undefined);
  if (!stats?.isFile()) return undefined;
  await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0);
  return buffer.subarray(0, bytesRead);
}

function isFor(architecture: Architecture, header: Buffer): boolean {
  if (header.length < MACHINE_AT + 2 || !header.subarray(0, ELF.length).equals(ELF)) return false;
  return header.readUInt16LE(MACHINE_AT) === MACHINES[architecture];
}

interface Emulator {
  readonly offset: number;
  readonly magic: Buffer;
  readonly mask: Buffer | undefined;
}

/** Those that work inside a sandbox: held open by the kernel (flag F), or in `/usr`, which is there as well. */
function emulators(folder: string): readonly Emulator[] {
  return namesIn(folder).flatMap((name) => {
    const text = readText(join(folder, name));
    const value = (key: string): string => new RegExp(`^${key}:? ?(.*)$`, 'm').exec(text)?.[1] ?? '';
    const reachable = value('flags').includes('F') || value('interpreter').startsWith('/usr/');
    if (!text.startsWith('enabled\n') || !reachable || value('magic') === '') return [];
    const mask = value('mask') === '' ? undefined : Buffer.from(value('mask'), 'hex');
    return [{ offset: Number(value('offset')), magic: Buffer.from(value('magic'), 'hex'), mask }];
  });
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => name !== 'register' && name !== 'status');
  } catch {
    return [];
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function matches({ offset, magic, mask }: Emulator, header: Buffer): boolean {
  const seen = header.subarray(offset, offset + magic.length);
  if (seen.length < magic.length) return false;
  return seen.every(
    (byte, at) => (byte & (mask?.[at] ?? 0xff)) === ((magic[at] ?? 0) & (mask?.[at] ?? 0xff)),
  );
}
