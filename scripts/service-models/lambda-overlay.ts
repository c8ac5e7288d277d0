import type { Model, RawShape } from './botocore.ts';

type Shapes = Record<string, RawShape>;

/**
 * Where AWS itself was seen to answer with another pattern, range or order of an enum than its public model has.
 * The source of each is a recording of real AWS; the model of mid-2026 is corrected, never extended.
 */
export function applyOverlay(model: Model): Model {
  const shapes: Shapes = { ...model.shapes };
  sovereignRegions(shapes);
  reorderedEnums(shapes);
  limits(shapes);
  runtimes(shapes);
  resourcePolicies(shapes);
  return { ...model, shapes };
}

/** The European Sovereign Cloud's regions (`eusc-de-east-1`) are accepted wherever a Lambda pattern spells a region. */
function sovereignRegions(shapes: Shapes): void {
  for (const [name, shape] of Object.entries(shapes)) {
    const pattern = shape['pattern'];
    if (typeof pattern !== 'string' || !pattern.includes('[a-z]{2}((-gov)')) continue;
    shapes[name] = { ...shape, pattern: pattern.replaceAll('[a-z]{2}((-gov)', '(eusc-)?[a-z]{2}((-gov)') };
  }
}

function reorderedEnums(shapes: Shapes): void {
  const orders: Readonly<Record<string, readonly string[]>> = {
    EventSourcePosition: ['LATEST', 'AT_TIMESTAMP', 'TRIM_HORIZON'],
    InvokeMode: ['RESPONSE_STREAM', 'BUFFERED'],
    RecursiveLoop: ['Terminate', 'Allow'],
  };
  for (const [name, order] of Object.entries(orders)) change(shapes, name, { enum: order });
}

function limits(shapes: Shapes): void {
  change(shapes, 'Timeout', { max: 900 });
  change(shapes, 'LayerVersionArn', {
    max: 2048,
    pattern:
      '(arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:\\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+)|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+)',
  });
}

/** The set that AWS prints for layers. */
const layerRuntimes =
  'ruby3.5 ruby2.6 dotnetcore1.0 python3.7 nodejs8.10 nasa ruby2.7 python2.7-greengrass dotnetcore2.0 python3.8 java21 dotnet6 dotnetcore2.1 python3.9 java11 nodejs6.10 provided dotnetcore3.1 dotnet8 java25 java17 nodejs nodejs4.3 java8.al2 go1.x dotnet10 nodejs20.x go1.9 byol nodejs10.x provided.al2023 nodejs22.x python3.10 java8 nodejs12.x python3.11 nodejs24.x nodejs8.x python3.12 nodejs14.x nodejs8.9 nodejs26.x python3.13 python3.14 nodejs16.x python3.15 provided.al2 nodejs4.3-edge nodejs18.x ruby3.2 python3.4 ruby3.3 ruby3.4 ruby2.5 python3.6 python2.7';

/**
 * Which runtimes a function may have is the service's own decision, with two texts of its own, so that the constraint
 * goes; layers are checked against the model.
 */
function runtimes(shapes: Shapes): void {
  const known = shapes['Runtime']?.enum ?? [];
  shapes['Runtime'] = { type: 'string' };
  const forLayers = layerRuntimes.split(' ');
  shapes['LayerRuntime'] = {
    type: 'string',
    enum: [...forLayers, ...known.filter((name) => !forLayers.includes(name))],
  };
  useLayerRuntime(shapes);
}

function useLayerRuntime(shapes: Shapes): void {
  change(shapes, 'CompatibleRuntimes', { member: { shape: 'LayerRuntime' } });
  for (const name of ['ListLayersRequest', 'ListLayerVersionsRequest']) {
    const members = shapes[name]?.members ?? {};
    const runtime = members['CompatibleRuntime'];
    if (runtime === undefined) throw new Error(`${name} has no CompatibleRuntime`);
    change(shapes, name, {
      members: { ...members, CompatibleRuntime: { ...runtime, shape: 'LayerRuntime' } },
    });
  }
}

/** The SDK, the only model of these operations, leaves constraints out; they stand in AWS's API reference. */
function resourcePolicies(shapes: Shapes): void {
  shapes['PolicyResourceArn'] = {
    type: 'string',
    max: 256,
    pattern:
      'arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:\\d{12}:function:[a-zA-Z0-9-_]+(:(\\$LATEST(\\.PUBLISHED)?|[a-zA-Z0-9-_])+)?',
  };
  shapes['ResourcePolicyDocument'] = { type: 'string', min: 1, max: 20_480 };
  for (const verb of ['Put', 'Get', 'Delete']) {
    const name = `${verb}ResourcePolicyRequest`;
    const { ResourceArn: arn, Policy: policy, ...others } = shapes[name]?.members ?? {};
    if (arn === undefined) throw new Error(`${name} has no ResourceArn`);
    const members = {
      ResourceArn: { ...arn, shape: 'PolicyResourceArn' },
      ...(policy && { Policy: { ...policy, shape: 'ResourcePolicyDocument' } }),
      ...others,
    };
    change(shapes, name, { members });
  }
}

function change(shapes: Shapes, name: string, traits: Partial<RawShape>): void {
  const shape = shapes[name];
  if (shape === undefined) throw new Error(`no shape ${name} to overlay`);
  shapes[name] = { ...shape, ...traits };
}
