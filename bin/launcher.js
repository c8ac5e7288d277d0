// Runs on any Node.js from 18 on: finds the Node.js 24 that Hearth needs. Plain JavaScript on purpose.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const packageRoot = dirname(dirname(fileURLToPath(import.meta.url)));
const NEEDED_MAJOR = 24;

/** Path of a Node.js 24 or newer: this one, or the one that came through npm; undefined where there is neither. */
export function findNode() {
  if (Number(process.versions.node.split('.')[0]) >= NEEDED_MAJOR) return process.execPath;
  try {
    const manifest = createRequire(import.meta.url).resolve(
      `node-${process.platform}-${process.arch}/package.json`,
    );
    const node = join(dirname(manifest), 'bin', 'node');
    return existsSync(node) ? node : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The program's entry: compiled JavaScript where it is up to date (it starts three times as fast), else the TypeScript
 * sources, which Node.js 24 runs as they stand.
 */
export function findEntry() {
  const compiled = join(packageRoot, 'dist', 'cli', 'main.js');
  const source = join(packageRoot, 'src', 'cli', 'main.ts');
  if (!existsSync(source)) return compiled;
  if (!existsSync(compiled)) return source;
  return newest(join(packageRoot, 'src')) <= statSync(join(packageRoot, 'dist', '.built')).mtimeMs
    ? compiled
    : source;
}

/** Modification time in milliseconds of the newest file below `folder`. */
function newest(folder) {
  return readdirSync(folder, { withFileTypes: true }).reduce((latest, entry) => {
    const path = join(folder, entry.name);
    return Math.max(latest, entry.isDirectory() ? newest(path) : statSync(path).mtimeMs);
  }, 0);
}

/** Where Node.js keeps compiled code between starts. */
export function compileCacheFolder() {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'hearth', 'compile-cache');
}
