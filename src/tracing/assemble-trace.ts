import { isObject, parseObject } from './segment-document.ts';

type Members = Record<string, unknown>;

/** One trace as it is shown: subsegments that came by themselves stand in the segments that they belong to. */
export interface AssembledTrace {
  readonly id: string;
  readonly segments: readonly { readonly id: string; readonly members: Readonly<Members> }[];
}

/** Levels of subsegments, more than any SDK nests: what is deeper is shown beside, since JSON is written by recursion. */
const DEEPEST = 100;

export function assembleTrace(id: string, documents: readonly string[]): AssembledTrace {
  const parsed = documents.flatMap((text): Members[] => {
    const value = parseObject(text);
    return value ? [{ ...value }] : [];
  });
  const forest = new Forest(parsed);
  const roots = parsed.filter((node) => node['type'] !== 'subsegment' || !forest.attach(node));
  return { id, segments: roots.map((members) => ({ id: String(members['id']), members })) };
}

/** Who hangs on whom. */
class Forest {
  readonly #byId = new Map<string, Members>();
  readonly #parents = new Map<Members, Members>();

  constructor(roots: readonly Members[]) {
    for (const root of roots) this.#index(root, 0);
  }

  /** False where its parent is not here, hangs on it itself, or is too deep. */
  attach(node: Members): boolean {
    const parent = this.#byId.get(String(node['parent_id']));
    if (!parent || this.#levelsAbove(parent, node) > DEEPEST) return false;
    const below: readonly unknown[] = Array.isArray(parent['subsegments']) ? parent['subsegments'] : [];
    parent['subsegments'] = [...below, node];
    this.#parents.set(node, parent);
    return true;
  }

  #index(node: Members, level: number): void {
    if (typeof node['id'] === 'string') this.#byId.set(node['id'], node);
    const below: readonly unknown[] = Array.isArray(node['subsegments']) ? node['subsegments'] : [];
    if (below.length === 0 || level === DEEPEST) return;
    const copies = below.filter(isObject).map((one): Members => ({ ...one }));
    node['subsegments'] = copies;
    for (const copy of copies) {
      this.#parents.set(copy, node);
      this.#index(copy, level + 1);
    }
  }

  /** Infinite where `forbidden` is among them. */
  #levelsAbove(from: Members, forbidden: Members): number {
    let levels = 0;
    for (let node: Members | undefined = from; node; node = this.#parents.get(node)) {
      if (node === forbidden || levels > DEEPEST) return Number.POSITIVE_INFINITY;
      levels++;
    }
    return levels;
  }
}
