import { awsError, type LayerRef, layerArn, layerVersionArn, limits } from '../model/index.ts';
import type { CodeStore } from './code/code-store.ts';
import type { Reader } from './functions-store.ts';
import { type LayerKey, readLayerVersion } from './layers-store.ts';
import type { FunctionsParts } from './parts.ts';
import type { FunctionKey, ResourceAccess } from './settings.ts';

/** Who asks, for layers of other accounts. */
export interface Principal {
  readonly account: string;
  readonly arn: string;
}

interface LayerVersionName extends LayerKey {
  readonly version: number;
}

/** `arn:aws:lambda:R:A:layer:NAME:VERSION` taken apart; `undefined` where it is none. */
export function parseLayerVersionArn(arn: string): LayerVersionName | undefined {
  const match = /^arn:aws[a-z-]*:lambda:([a-z0-9-]+):(\d{12}):layer:([a-zA-Z0-9-_]+):(\d{1,15})$/.exec(arn);
  const [, region, account, name, version] = match ?? [];
  if (!region || !account || !name || !version) return undefined;
  return { region, account, name, version: Number(version) };
}

/** Finds the layer versions that a function names, in order. Throws AWS's error of whatever is wrong with the list. */
export async function resolveLayers(
  parts: FunctionsParts,
  key: FunctionKey,
  request: { readonly arns: readonly string[]; readonly caller: Principal },
): Promise<readonly LayerRef[]> {
  const { arns, caller } = request;
  if (arns.length > limits.layersPerFunction) {
    throw invalid(`Cannot reference more than ${limits.layersPerFunction} layers.`);
  }
  const names = arns.map((arn) => nameInRegion(arn, key.region));
  refuseTwoVersions(names);
  const refs: LayerRef[] = [];
  for (const name of names) {
    await authorise(parts.access, name, caller);
    refs.push(await readRef(parts.database, name));
  }
  return refs;
}

/** Again within the transaction that uses them: one may have been deleted meanwhile, and its code with it. */
export async function confirmLayers(
  reader: Reader,
  refs: readonly LayerRef[],
  kept: readonly LayerRef[] = [],
): Promise<void> {
  for (const ref of refs) {
    const name = parseLayerVersionArn(ref.arn);
    if (name && !kept.some(({ arn }) => arn === ref.arn)) await readRef(reader, name);
  }
}

/** Code and layers together must fit into 250 MB. `code` is absent where a live folder is mounted. */
export async function checkCombinedSize(code: CodeStore, hashes: readonly string[]): Promise<void> {
  let bytes = 0;
  for (const hash of hashes) bytes += (await code.describe(hash)).unzippedBytes;
  if (bytes <= limits.unzippedCodeBytes) return;
  throw invalid(
    `Function code combined with layers exceeds the maximum allowed size of ${limits.unzippedCodeBytes} bytes. The actual size is ${bytes} bytes.`,
  );
}

/** 403 unless the layer version is the caller's own or its policy lets the caller use it. */
export async function authorise(
  access: ResourceAccess,
  name: LayerVersionName,
  caller: Principal,
): Promise<void> {
  if (name.account === caller.account) return;
  const resourceArn = layerVersionArn(name, name.name, name.version);
  const action = 'lambda:GetLayerVersion';
  const question = { resourceArn, action, principalArn: caller.arn, principalAccount: caller.account };
  if (await access.allows(question)) return;
  throw awsError(
    'AccessDeniedException',
    `User: ${caller.arn} is not authorized to perform: ${action} on resource: ${resourceArn} because no resource-based policy allows the ${action} action`,
  );
}

function nameInRegion(arn: string, region: string): LayerVersionName {
  const name = parseLayerVersionArn(arn);
  if (!name) throw invalid(`Layer version ${arn} does not exist.`);
  if (name.region !== region) {
    throw invalid(
      `Layers are not in the same region as the function. Layers are expected to be in region ${region}.`,
    );
  }
  return name;
}

function refuseTwoVersions(names: readonly LayerVersionName[]): void {
  const seen = new Map<string, string>();
  for (const name of names) {
    const [layer, arn] = [layerArn(name, name.name), layerVersionArn(name, name.name, name.version)];
    const other = seen.get(layer);
    if (other !== undefined) {
      throw invalid(
        `Two different versions of the same layer are not allowed to be referenced in the same function. ${other} and ${arn} are versions of the same layer.`,
      );
    }
    seen.set(layer, arn);
  }
}

async function readRef(reader: Reader, name: LayerVersionName): Promise<LayerRef> {
  const arn = layerVersionArn(name, name.name, name.version);
  const layer = await readLayerVersion(reader, name, name.version);
  if (!layer) throw invalid(`Layer version ${arn} does not exist.`);
  return { arn, sha256Hex: layer.sha256Hex, sizeBytes: layer.sizeBytes };
}

function invalid(message: string): Error {
  return awsError('InvalidParameterValueException', message);
}
