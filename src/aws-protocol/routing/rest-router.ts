/** A path template of the model: `/2018-10-31/layers/{LayerName}/versions`, maybe with a literal `?List=ALL`. */
export interface RestRoute {
  readonly name: string;
  readonly method: string;
  readonly uri: string;
}

export interface RestMatch {
  readonly operation: string;
  /** Percent-decoded path labels by wire name. */
  readonly labels: Readonly<Record<string, string>>;
}

export type RestRouter = (method: string, path: string, query: URLSearchParams) => RestMatch | undefined;

interface Target {
  readonly operation: string;
  readonly method: string;
  readonly labelNames: readonly string[];
  readonly literalQuery: readonly (readonly [string, string])[];
}

interface Node {
  readonly literals: Map<string, Node>;
  label?: Node;
  readonly targets: Target[];
}

const LONGEST_PATH_CHARS = 8_192;

/**
 * Routes as AWS does: a trailing slash makes no difference, `%2F` and `%3A` stay inside their segment, a literal
 * segment wins over a label, a template with a literal query wins over one without.
 */
export function createRestRouter(routes: readonly RestRoute[]): RestRouter {
  const root = emptyNode();
  for (const route of routes) addRoute(root, route);
  return (method, path, query) => {
    if (path.length > LONGEST_PATH_CHARS) return undefined;
    const segments = segmentsOf(path);
    if (segments === undefined) return undefined;
    return search({ segments, accept: (target) => suits(target, method, query) }, root, 0, []);
  };
}

function emptyNode(): Node {
  return { literals: new Map(), targets: [] };
}

function addRoute(root: Node, { name, method, uri }: RestRoute): void {
  const [path = '', literals = ''] = uri.split('?');
  const labelNames: string[] = [];
  let node = root;
  for (const segment of path.split('/').slice(1)) {
    const label = /^\{(.+)\}$/.exec(segment)?.[1];
    if (label !== undefined) labelNames.push(label);
    node = label === undefined ? literalChild(node, segment) : labelChild(node);
  }
  const literalQuery = [...new URLSearchParams(literals)];
  node.targets.push({ operation: name, method, labelNames, literalQuery });
  node.targets.sort((a, b) => b.literalQuery.length - a.literalQuery.length);
}

function literalChild(node: Node, segment: string): Node {
  const child = node.literals.get(segment) ?? emptyNode();
  node.literals.set(segment, child);
  return child;
}

function labelChild(node: Node): Node {
  node.label ??= emptyNode();
  return node.label;
}

function segmentsOf(path: string): readonly string[] | undefined {
  const raw = path.split('/').slice(1);
  if (raw.at(-1) === '') raw.pop();
  try {
    return raw.map((segment) => (segment.includes('%') ? decodeURIComponent(segment) : segment));
  } catch {
    return undefined;
  }
}

interface Search {
  readonly segments: readonly string[];
  readonly accept: (target: Target) => boolean;
}

function search(what: Search, node: Node, depth: number, labels: readonly string[]): RestMatch | undefined {
  const segment = what.segments[depth];
  if (segment === undefined) {
    const target = node.targets.find(what.accept);
    return target && { operation: target.operation, labels: named(target.labelNames, labels) };
  }
  const literal = node.literals.get(segment);
  const found = literal && search(what, literal, depth + 1, labels);
  if (found || !node.label || segment === '') return found;
  return search(what, node.label, depth + 1, [...labels, segment]);
}

function suits(target: Target, method: string, query: URLSearchParams): boolean {
  return target.method === method && target.literalQuery.every(([name, value]) => query.get(name) === value);
}

function named(names: readonly string[], values: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']));
}
