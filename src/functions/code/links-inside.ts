import { ZipRejected } from './zip-plan.ts';

/** As many as Linux follows before it says ELOOP. */
const MOST_HOPS = 40;
/** Keeps a hostile web of links from costing more than a second or so. */
const STEP_BUDGET = 2_000_000;

/**
 * Throws `ZipRejected` unless every link of a tree, followed through all other links of it, stays inside the tree.
 * `targets` maps the path of each link to its target. A link that leads nowhere, or round in circles, is harmless.
 */
export function checkLinksInside(targets: ReadonlyMap<string, string>): void {
  const budget = { steps: STEP_BUDGET };
  for (const path of targets.keys()) {
    if (!staysInside(path, targets, budget))
      throw new ZipRejected('unreadable', `link '${path}' leads outside`);
  }
}

function staysInside(path: string, targets: ReadonlyMap<string, string>, budget: { steps: number }): boolean {
  const ahead = path.split('/').reverse();
  const at: string[] = [];
  let hops = 0;
  for (let part = ahead.pop(); part !== undefined; part = ahead.pop()) {
    if (--budget.steps < 0) throw new ZipRejected('unreadable', 'too many links to follow');
    if (part === '' || part === '.') continue;
    if (part === '..') {
      if (at.pop() === undefined) return false;
      continue;
    }
    at.push(part);
    const target = targets.get(at.join('/'));
    if (target === undefined) continue;
    if (target.startsWith('/') || target.includes('\0')) return false;
    if (++hops > MOST_HOPS) return true;
    at.pop();
    ahead.push(...target.split('/').reverse());
  }
  return true;
}
