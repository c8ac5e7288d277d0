import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { root } from './hearth.ts';
import { run } from './programs.ts';

/** Where builds of Rust are kept from one run to the next; `.ci/run` fills it before the tests. */
const target = join(root, '.cache/vendors/rust-target');

export function cargoIsPresent(): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'cargo')));
}

/** The program of an extension written with AWS's own library; 28 s of CPU time when nothing of it is there yet. */
export async function rustExtension(): Promise<string> {
  const command = ['cargo', 'build', '--quiet', '--locked'];
  const cwd = join(root, 'tests/extensions/rust');
  const { code, stderr } = await run(command, { env: { CARGO_TARGET_DIR: target }, cwd });
  if (code !== 0) throw new Error(`cargo build: ${stderr}`);
  return join(target, 'debug/agent');
}
