import {
  chmodSync,
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  type Stats,
  statSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { invalidImage } from '../image-error.ts';
import { nameOf, parentOf } from './entry-path.ts';
import type { LayerFacts } from './extract-layer.ts';
import { folderInside } from './inside-root.ts';

export interface StackedLayer extends LayerFacts {
  /** The extracted tree. */
  readonly tree: string;
}

/**
 * Lays layers over one another in `root`, an empty folder, lowest first, as a union file system would show them. Files are hard
 * links to those of the layers, so that images share them on disk and in the page cache. Links are followed only where a layer
 * leaves a folder unnamed, and then within the root. Rejects with `InvalidImage`.
 */
export function stackLayers(layers: readonly StackedLayer[], root: string): void {
  for (const layer of layers) {
    for (const path of layer.opaque) emptyFolder(root, path);
    for (const path of layer.removed) remove(root, path);
    const implied = new Set(layer.implied);
    layOver({ from: layer.tree, to: root, path: '' }, { root, implied });
    for (const [path, target] of layer.linksBelow) linkBelow(root, path, target);
  }
}

function emptyFolder(root: string, path: string): void {
  const folder = path === '' ? root : presentFolder(root, path);
  if (folder === undefined) return;
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
}

/** A folder itself, never what a link at its place leads to. */
function presentFolder(root: string, path: string): string | undefined {
  const place = placeInside(root, path);
  return place !== undefined && statOf(place)?.isDirectory() ? place : undefined;
}

function remove(root: string, path: string): void {
  const place = placeInside(root, path);
  if (place !== undefined) rmSync(place, { recursive: true, force: true });
}

function placeInside(root: string, path: string): string | undefined {
  const folder = folderInside(root, parentOf(path));
  return folder === undefined ? undefined : join(folder, nameOf(path));
}

interface Level {
  readonly from: string;
  readonly to: string;
  /** Below the layer's tree. */
  readonly path: string;
}

interface Stacking {
  readonly root: string;
  readonly implied: ReadonlySet<string>;
}

function layOver({ from, to, path }: Level, stacking: Stacking): void {
  for (const item of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, item.name), join(to, item.name)];
    const inner = path === '' ? item.name : `${path}/${item.name}`;
    if (item.isDirectory()) {
      layOver(
        { from: source, to: folderFor({ from: source, to: target, path: inner }, stacking), path: inner },
        stacking,
      );
      continue;
    }
    rmSync(target, { recursive: true, force: true });
    if (item.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else linkOrCopy(source, target);
  }
}

/** The folder at a place: what is there, what an unnamed one leads to, or a new one in place of anything else. */
function folderFor({ from, to, path }: Level, { root, implied }: Stacking): string {
  const present = statOf(to);
  const unnamed = implied.has(path);
  if (present?.isSymbolicLink() && unnamed) {
    const led = folderInside(root, path);
    if (led !== undefined) return led;
  }
  if (!present?.isDirectory()) {
    if (present) rmSync(to);
    mkdirSync(to);
    chmodSync(to, modeOf(from));
  } else if (!unnamed) {
    chmodSync(to, modeOf(from));
  }
  return to;
}

function modeOf(folder: string): number {
  return statSync(folder).mode & 0o1777;
}

/** A file system allows some ten thousand links to one file. */
function linkOrCopy(source: string, target: string): void {
  try {
    linkSync(source, target);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EMLINK')) throw error;
    copyFileSync(source, target);
    chmodSync(target, statSync(source).mode & 0o777);
  }
}

function linkBelow(root: string, path: string, target: string): void {
  const [place, source] = [placeInside(root, path), placeInside(root, target)];
  if (place === undefined || source === undefined || !isLinkable(source)) {
    throw invalidImage(`a layer of the image has a hard link to what is not there: '${path.slice(0, 200)}'`);
  }
  if (place === source) return;
  rmSync(place, { recursive: true, force: true });
  linkOrCopy(source, place);
}

function isLinkable(path: string): boolean {
  const stat = statOf(path);
  return stat !== undefined && !stat.isDirectory();
}

function statOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}
