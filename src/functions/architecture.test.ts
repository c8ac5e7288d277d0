import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { checkArchitecture, machineArchitecture } from './architecture.ts';

const native = join(import.meta.dirname, '../../native');
const foreign = machineArchitecture === 'arm64' ? 'x86_64' : 'arm64';
const programs = {
  x86_64: join(native, 'init-x64'),
  arm64: join(native, 'init-arm64'),
};
/** As `qemu-user-static` registers it, `7f454c46…` with the machine's number. */
const ELF = { x86_64: '3e00', arm64: 'b700' };
const entry = (flags: string, state = 'enabled'): string =>
  `${state}\ninterpreter /elsewhere/qemu\nflags: ${flags}\noffset 0\nmagic 7f454c460201010000000000000000000200${ELF[foreign]}
mask ffffffffffffff00fffffffffffffffffeffffff\n`;

let folder: string;
let task: string;
let layer: string;
let emulatorsFolder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'architecture-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  [task, layer, emulatorsFolder] = ['task', 'layer', 'emulators'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const made of [task, join(layer, 'extensions'), emulatorsFolder]) mkdirSync(made, { recursive: true });
});

function check(change: { architecture?: 'x86_64' | 'arm64'; runtime?: string } = {}): Promise<void> {
  const { architecture = foreign, runtime = 'provided.al2023' } = change;
  return checkArchitecture({ architecture, runtime, task, layers: [layer], emulatorsFolder });
}

const refusal = (path: string): string =>
  `${path} is compiled for ${foreign}, and this machine is ${machineArchitecture}. Build it for ${machineArchitecture}, or register`;

test('a compiled bootstrap of the other architecture is refused, in the code and in a layer', async () => {
  copyFileSync(programs[foreign], join(layer, 'bootstrap'));
  await expect(check()).rejects.toThrow(refusal('/opt/bootstrap'));
  copyFileSync(programs[foreign], join(task, 'bootstrap'));
  await expect(check()).rejects.toThrow(refusal('bootstrap'));
  await expect(check({ architecture: machineArchitecture })).resolves.toBeUndefined();
  await expect(check({ runtime: 'python3.12' })).resolves.toBeUndefined();
});

test('a compiled extension is refused with every runtime', async () => {
  copyFileSync(programs[foreign], join(layer, 'extensions/agent'));
  await expect(check({ runtime: 'python3.12' })).rejects.toThrow(refusal('/opt/extensions/agent'));
});

test.each(['#!/bin/sh\n', '', '\x7fELF'])(
  'a bootstrap that is no compiled program runs: %j',
  async (text) => {
    writeFileSync(join(task, 'bootstrap'), text);
    await expect(check()).resolves.toBeUndefined();
  },
);

test('a program for this machine runs, whatever was asked for', async () => {
  copyFileSync(programs[machineArchitecture], join(task, 'bootstrap'));
  await expect(check()).resolves.toBeUndefined();
});

test('an emulator counts that is enabled, knows the program, and can be reached from inside', async () => {
  copyFileSync(programs[foreign], join(task, 'bootstrap'));
  writeFileSync(join(emulatorsFolder, 'status'), 'enabled\n');
  for (const useless of [
    entry('', 'enabled'),
    entry('F', 'disabled'),
    entry('F').replace(ELF[foreign], '0800'),
  ]) {
    writeFileSync(join(emulatorsFolder, 'qemu'), useless);
    await expect(check()).rejects.toThrow(refusal('bootstrap'));
  }
  for (const useful of [entry('OCF'), entry('').replace('/elsewhere', '/usr/bin')]) {
    writeFileSync(join(emulatorsFolder, 'qemu'), useful);
    await expect(check()).resolves.toBeUndefined();
  }
});
