import { invalidImage } from '../image-error.ts';
import { imageLimits } from '../image-limits.ts';

/**
 * The path of an entry below the root, `''` for the root itself: `/` at its start and `.` mean nothing, as for everybody
 * who unpacks images. Throws `InvalidImage` for `..`, for U+0000 and for what no file system takes.
 */
export function entryPath(name: string): string {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  const path = parts.join('/');
  const wrong =
    parts.includes('..') ||
    path.includes('\0') ||
    Buffer.byteLength(path) > imageLimits.pathBytes ||
    parts.some((part) => Buffer.byteLength(part) > imageLimits.nameBytes);
  if (wrong)
    throw invalidImage(`a layer of the image has an entry that leads outside: '${name.slice(0, 200)}'`);
  return path;
}

export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** What a layer does to the layers below it (OCI image-spec, "Whiteouts"). */
export type Whiteout =
  | { readonly kind: 'removed'; readonly path: string }
  /** Everything that lower layers have in this folder. */
  | { readonly kind: 'opaque'; readonly path: string }
  /** Of the first union file system; means nothing any more. */
  | { readonly kind: 'ignored' };

const PREFIX = '.wh.';
const OPAQUE = '.wh..wh..opq';

/** Undefined for every path that is no whiteout. */
export function whiteoutOf(path: string): Whiteout | undefined {
  const name = nameOf(path);
  if (!name.startsWith(PREFIX)) return undefined;
  const parent = parentOf(path);
  if (name === OPAQUE) return { kind: 'opaque', path: parent };
  if (name.startsWith(`${PREFIX}${PREFIX}`)) return { kind: 'ignored' };
  const hidden = name.slice(PREFIX.length);
  if (hidden === '' || hidden === '.' || hidden === '..') {
    throw invalidImage(`a layer of the image removes what has no name: '${path.slice(0, 200)}'`);
  }
  return { kind: 'removed', path: parent === '' ? hidden : `${parent}/${hidden}` };
}
