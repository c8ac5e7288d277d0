import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  type Stats,
} from 'node:fs';
import { join } from 'node:path';

/**
 * Lays trees over one another in `root`, later ones over earlier ones, as layers appear at `/opt`. Files are hard links,
 * so nothing is copied. Never writes through a link. Blocks: run it in a worker.
 */
export function mergeTrees(trees: readonly string[], root: string): void {
  for (const tree of trees) overlay(tree, root);
}

function overlay(from: string, to: string): void {
  for (const item of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, item.name), join(to, item.name)];
    const present = lstatSync(target, { throwIfNoEntry: false });
    if (item.isDirectory()) {
      makeFolder(target, present);
      overlay(source, target);
      continue;
    }
    if (present) rmSync(target, { recursive: true });
    if (item.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else linkSync(source, target);
  }
}

function makeFolder(path: string, present: Stats | undefined): void {
  if (present?.isDirectory()) return;
  if (present) rmSync(path);
  mkdirSync(path);
  chmodSync(path, 0o755);
}
