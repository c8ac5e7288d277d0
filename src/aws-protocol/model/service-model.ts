import { readFileSync } from 'node:fs';
import { invariant } from '../../base/index.ts';
import { linkShapes, type RawShape } from './link-shapes.ts';
import type { OperationModel, Protocol, StructureShape } from './shapes.ts';

export type ServiceName =
  | 'lambda'
  | 'logs'
  | 'application-autoscaling'
  | 'sts'
  | 'iam'
  | 'ecr'
  | 'xray'
  | 'ec2';

interface RawOperation {
  readonly method: string;
  readonly uri: string;
  readonly status: number;
  readonly input?: string;
  readonly output?: string;
  readonly resultWrapper?: string;
}

interface RawModel {
  readonly metadata: {
    readonly protocol: Protocol;
    readonly targetPrefix?: string;
    readonly jsonVersion?: string;
    readonly xmlNamespace?: string | { readonly uri: string };
  };
  readonly operations: Readonly<Record<string, RawOperation>>;
  readonly others: readonly string[];
  readonly shapes: Readonly<Record<string, RawShape>>;
}

/** One AWS service as its public API model describes it (written by scripts/generate-service-models.ts). */
export interface ServiceModel {
  readonly service: ServiceName;
  readonly protocol: Protocol;
  /** JSON protocol: what stands before the dot of `X-Amz-Target`. */
  readonly targetPrefix?: string;
  readonly jsonVersion: string;
  readonly xmlNamespace: string;
  /** Names of all operations that have shapes here. */
  readonly operationNames: readonly string[];
  /** Every operation that AWS has, shapes kept or not. */
  knows(operation: string): boolean;
  /** Shapes are linked on first use, so that loading a model costs little more than `JSON.parse`. */
  operation(name: string): OperationModel | undefined;
  /** Method and path template of every operation, for the router. */
  readonly routes: readonly { readonly name: string; readonly method: string; readonly uri: string }[];
}

export function loadServiceModel(service: ServiceName): ServiceModel {
  const file = new URL(`${service}.generated.json`, import.meta.url);
  const raw = JSON.parse(readFileSync(file, 'utf8')) as RawModel;
  const { metadata, operations } = raw;
  const all = new Set([...Object.keys(operations), ...raw.others]);
  const link = linkShapes(raw.shapes);
  const linkInput = metadata.protocol === 'ec2' ? linkShapes(raw.shapes, 'ec2-request') : link;
  const linked = new Map<string, OperationModel>();
  return {
    service,
    protocol: metadata.protocol,
    ...(metadata.targetPrefix !== undefined && { targetPrefix: metadata.targetPrefix }),
    jsonVersion: metadata.jsonVersion ?? '1.1',
    xmlNamespace: namespaceOf(metadata.xmlNamespace),
    operationNames: Object.keys(operations),
    knows: (operation) => all.has(operation),
    routes: Object.entries(operations).map(([name, { method, uri }]) => ({ name, method, uri })),
    operation(name) {
      const known = linked.get(name);
      if (known || !Object.hasOwn(operations, name)) return known;
      const model = linkOperation(name, operations[name], { input: linkInput, output: link });
      linked.set(name, model);
      return model;
    },
  };
}

function namespaceOf(value: string | { readonly uri: string } | undefined): string {
  return typeof value === 'object' ? value.uri : (value ?? '');
}

function linkOperation(
  name: string,
  raw: RawOperation | undefined,
  links: Readonly<Record<'input' | 'output', ReturnType<typeof linkShapes>>>,
): OperationModel {
  invariant(raw, `no operation ${name}`);
  const structure = (shapeName: string, direction: 'input' | 'output'): StructureShape => {
    const shape = links[direction](shapeName);
    invariant(shape.type === 'structure', `${shapeName} of ${name} is not a structure`);
    return shape;
  };
  return {
    name,
    method: raw.method,
    uri: raw.uri,
    status: raw.status,
    ...(raw.input !== undefined && { input: structure(raw.input, 'input') }),
    ...(raw.output !== undefined && { output: structure(raw.output, 'output') }),
    ...(raw.resultWrapper !== undefined && { resultWrapper: raw.resultWrapper }),
  };
}
