import type { AssembledTrace } from './assemble-trace.ts';
import { isObject } from './segment-document.ts';

/** What there is to say of a trace at a glance. Times in seconds since the epoch. */
export interface TraceSummary {
  readonly id: string;
  readonly startTime: number;
  readonly durationSeconds: number;
  readonly hasFault: boolean;
  readonly hasError: boolean;
  readonly hasThrottle: boolean;
  /** A segment is still in progress. */
  readonly isPartial: boolean;
  readonly services: readonly { readonly name: string; readonly type?: string }[];
  readonly annotations: Readonly<Record<string, readonly (string | number | boolean)[]>>;
}

type Members = Readonly<Record<string, unknown>>;

/** Of a segment and all below it, at most so many, which bounds what one trace can cost. */
const MOST_NODES = 10_000;

export function summarize({ id, segments }: AssembledTrace): TraceSummary {
  const roots = segments.map(({ members }) => members);
  const nodes = withDescendants(roots);
  const starts = roots.map((node) => numberIn(node, 'start_time')).filter((time) => time > 0);
  const startTime = Math.min(...starts, Number.POSITIVE_INFINITY);
  const endTime = Math.max(...roots.map((node) => numberIn(node, 'end_time')), startTime);
  return {
    id,
    startTime,
    durationSeconds: Math.round((endTime - startTime) * 1_000) / 1_000,
    hasFault: nodes.some((node) => node['fault'] === true),
    hasError: nodes.some((node) => node['error'] === true),
    hasThrottle: nodes.some((node) => node['throttle'] === true),
    isPartial: nodes.some((node) => node['in_progress'] === true),
    services: servicesOf(roots),
    annotations: annotationsOf(nodes),
  };
}

function withDescendants(roots: readonly Members[]): readonly Members[] {
  const nodes = [...roots];
  for (let at = 0; at < nodes.length && nodes.length < MOST_NODES; at++) {
    const below = nodes[at]?.['subsegments'];
    if (Array.isArray(below)) nodes.push(...below.filter(isObject));
  }
  return nodes;
}

function servicesOf(roots: readonly Members[]): TraceSummary['services'] {
  return roots
    .filter((node) => node['type'] !== 'subsegment')
    .map(({ name, origin }) => ({
      name: String(name),
      ...(typeof origin === 'string' ? { type: origin } : {}),
    }));
}

function annotationsOf(nodes: readonly Members[]): TraceSummary['annotations'] {
  const found: Record<string, (string | number | boolean)[]> = Object.create(null);
  for (const { annotations } of nodes) {
    if (!isObject(annotations)) continue;
    for (const [key, value] of Object.entries(annotations)) {
      if (typeof value === 'object' || value === undefined || typeof value === 'bigint') continue;
      if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
        (found[key] ??= []).push(value);
    }
  }
  return found;
}

function numberIn(node: Members, name: string): number {
  const value = node[name];
  return typeof value === 'number' ? value : 0;
}
