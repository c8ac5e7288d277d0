import { lstatSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** As many as Linux follows before it says ELOOP. */
const MOST_HOPS = 40;

/**
 * The folder of the host that a process would find at `path` if `root` were its root: links are followed within the root,
 * `..` ends at it. Undefined where there is no folder. Only for trees that nobody changes meanwhile.
 */
export function folderInside(root: string, path: string): string | undefined {
  const ahead = path.split('/').reverse();
  const at: string[] = [];
  let hops = 0;
  for (let part = ahead.pop(); part !== undefined; part = ahead.pop()) {
    if (part === '' || part === '.') continue;
    if (part === '..') {
      at.pop();
      continue;
    }
    const place = join(root, ...at, part);
    const stat = lstatSync(place, { throwIfNoEntry: false });
    if (stat?.isSymbolicLink()) {
      if (++hops > MOST_HOPS) return undefined;
      const target = readlinkSync(place);
      if (target.startsWith('/')) at.length = 0;
      ahead.push(...target.split('/').reverse());
      continue;
    }
    if (!stat?.isDirectory()) return undefined;
    at.push(part);
  }
  return join(root, ...at);
}
