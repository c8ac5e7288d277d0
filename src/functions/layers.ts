import { awsError, type Scope } from '../model/index.ts';
import { checkStorage, keepZip } from './deployment.ts';
import { authorise, type Principal } from './layer-use.ts';
import {
  deleteLayerVersion,
  insertLayerVersion,
  type LayerKey,
  type LayerVersion,
  nextLayerVersion,
  pageLayerNames,
  pageLayerVersions,
  readLayerVersion,
} from './layers-store.ts';
import type { FunctionsParts } from './parts.ts';

export interface NewLayerVersion {
  readonly zip: Uint8Array;
  readonly description: string;
  readonly licenseInfo?: string | undefined;
  readonly compatibleRuntimes?: readonly string[] | undefined;
  readonly compatibleArchitectures?: readonly string[] | undefined;
}

/** Only layer versions that say they fit; one that names none fits no filter, as on AWS. */
export interface LayerFilter {
  readonly runtime?: string | undefined;
  readonly architecture?: string | undefined;
}

/** Rows read at once while looking for those that fit a filter. */
const CHUNK = 50;

/** Layers: numbered archives that appear at `/opt`. */
export class Layers {
  readonly #parts: FunctionsParts;

  constructor(parts: FunctionsParts) {
    this.#parts = parts;
  }

  async publish(key: LayerKey, request: NewLayerVersion): Promise<LayerVersion> {
    const { database, clock } = this.#parts;
    const { zip, ...rest } = request;
    return keepZip(this.#parts, zip, ({ sha256Hex, zippedBytes, unzippedBytes }) =>
      database.transaction(async (transaction) => {
        await checkStorage(this.#parts, transaction, { key, bytes: zippedBytes });
        const layer: LayerVersion = {
          account: key.account,
          region: key.region,
          name: key.name,
          ...withoutAbsent(rest),
          version: await nextLayerVersion(transaction, key),
          sha256Hex,
          sizeBytes: zippedBytes,
          unzippedBytes,
          createdMs: clock.nowMs(),
        };
        const { sql, params } = insertLayerVersion(layer);
        await transaction.execute(sql, params);
        return layer;
      }),
    );
  }

  /** The caller's own, or one whose policy lets the caller have it. */
  async get(key: LayerKey, version: number, caller: Principal): Promise<LayerVersion> {
    if (version < 1) throw awsError('InvalidParameterValueException', 'Layer Version Cannot be less than 1');
    await authorise(this.#parts.access, { ...key, version }, caller);
    const layer = await readLayerVersion(this.#parts.database, key, version);
    if (!layer) throw awsError('ResourceNotFoundException', 'The resource you requested does not exist.');
    return layer;
  }

  /** Newest first; those below `before`. */
  async listVersions(
    key: LayerKey,
    page: { readonly before?: number | undefined; readonly count: number; readonly filter: LayerFilter },
  ): Promise<readonly LayerVersion[]> {
    const found: LayerVersion[] = [];
    let before = page.before;
    for (;;) {
      const chunk = await pageLayerVersions(this.#parts.database, key, { before, count: CHUNK });
      found.push(...chunk.filter((layer) => fits(layer, page.filter)));
      before = chunk.at(-1)?.version;
      if (chunk.length < CHUNK || found.length >= page.count) return found.slice(0, page.count);
    }
  }

  /** The newest fitting version of each layer, by name. */
  async list(
    scope: Scope,
    page: { readonly after?: string | undefined; readonly count: number; readonly filter: LayerFilter },
  ): Promise<readonly LayerVersion[]> {
    const found: LayerVersion[] = [];
    let after = page.after;
    for (;;) {
      const names = await pageLayerNames(this.#parts.database, scope, { after, count: CHUNK });
      for (const name of names) {
        const key = { account: scope.account, region: scope.region, name };
        found.push(...(await this.listVersions(key, { count: 1, filter: page.filter })));
        if (found.length === page.count) return found;
      }
      after = names.at(-1);
      if (names.length < CHUNK) return found;
    }
  }

  /** One that is not there is no error, as on AWS. Functions that use it keep it. */
  async delete(key: LayerKey, version: number): Promise<void> {
    if (version < 1) throw awsError('InvalidParameterValueException', 'Layer Version Cannot be less than 1');
    await this.#parts.database.write([
      deleteLayerVersion(key, version),
      ...this.#parts.dependents.onLayerVersionDelete(key, version),
    ]);
    this.#parts.collector.schedule();
  }
}

function fits(layer: LayerVersion, filter: LayerFilter): boolean {
  const { runtime, architecture } = filter;
  return (
    (runtime === undefined || (layer.compatibleRuntimes ?? []).includes(runtime)) &&
    (architecture === undefined || (layer.compatibleArchitectures ?? []).includes(architecture))
  );
}

function withoutAbsent(
  request: Omit<NewLayerVersion, 'zip'>,
): Pick<LayerVersion, 'description'> & Partial<LayerVersion> {
  const { description, licenseInfo, compatibleRuntimes, compatibleArchitectures } = request;
  return {
    description,
    ...(licenseInfo === undefined ? {} : { licenseInfo }),
    ...(compatibleRuntimes === undefined ? {} : { compatibleRuntimes }),
    ...(compatibleArchitectures === undefined ? {} : { compatibleArchitectures }),
  };
}
