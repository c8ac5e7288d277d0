import type { Images } from '../images/index.ts';
import { type FunctionVersion, functionArn, LATEST, type Scope, startsFromSnapshot } from '../model/index.ts';
import type { Database } from '../store/index.ts';
import { isVersionName, readAlias } from './aliases-store.ts';
import type { CodeStore } from './code/code-store.ts';
import { readVersion } from './functions-store.ts';
import type { LiveFolders } from './hot-reload.ts';
import { noImages } from './image-settings.ts';
import type { CodeOnDisk, FunctionAddress, FunctionLookup, InvocationTarget } from './lookup.ts';
import { functionNotFound, notReady, snapshotNotReady } from './not-found.ts';
import type { FunctionKey, ReservedConcurrency } from './settings.ts';

/** Some kilobytes each; beyond this the one remembered longest is read anew when it is next invoked. */
const MOST_REMEMBERED = 20_000;

/** What an address leads to: one target, or two with the second's share. */
interface Choice {
  readonly main: InvocationTarget;
  readonly other?: { readonly target: InvocationTarget; readonly weight: number };
}

interface LiveLookupParts {
  readonly database: Database;
  readonly code: CodeStore;
  readonly images?: Images | undefined;
  readonly liveFolders: LiveFolders;
  readonly concurrency: ReservedConcurrency;
  /** Uniform in [0, 1): which version of a weighted alias runs. */
  readonly random: () => number;
}

/** The lookup of one server: remembers what it read until somebody says that it changed. */
export class LiveLookup implements FunctionLookup {
  readonly #parts: LiveLookupParts;
  readonly #functions = new Map<string, Map<string, Choice>>();
  #totals = new Map<string, number>();
  readonly #readyListeners: ((version: FunctionVersion) => void)[] = [];
  #inactiveListener: (version: FunctionVersion) => void = () => undefined;
  readonly #retiredListeners: ((deploymentId: string) => void)[] = [];
  readonly #changeListeners: ((key: FunctionKey) => void)[] = [];

  constructor(parts: LiveLookupParts) {
    this.#parts = parts;
    parts.liveFolders.onChange((version, staleId) => {
      this.invalidate(version);
      this.#announce(staleId);
    });
  }

  resolve(address: FunctionAddress): InvocationTarget | Promise<InvocationTarget> {
    const known = this.#functions.get(keyText(address))?.get(address.qualifier ?? '');
    return known ? this.#choose(known) : this.#load(address);
  }

  async directories(version: FunctionVersion): Promise<CodeOnDisk> {
    const { code, images, liveFolders } = this.#parts;
    if (version.code.kind === 'image') {
      if (!images) throw noImages();
      const image = await images.local(version.code);
      const { root, opt } = image;
      return { task: root, image, ...(opt === undefined ? {} : { opt }) };
    }
    const task =
      version.code.kind === 'archive'
        ? code.root(version.code.sha256Hex)
        : liveFolders.realPath(version.code.hostPath);
    const [first, ...more] = version.layers.map((layer) => layer.sha256Hex);
    if (first === undefined) return { task };
    return { task, opt: more.length === 0 ? code.root(first) : await code.mergedRoot([first, ...more]) };
  }

  /** Calls the listener with each version that has just become ready to run. */
  onReady(listener: (version: FunctionVersion) => void): void {
    this.#readyListeners.push(listener);
  }

  ready(version: FunctionVersion): void {
    for (const listener of this.#readyListeners) listener(version);
  }

  onRetired(listener: (deploymentId: string) => void): void {
    this.#retiredListeners.push(listener);
  }

  /** Called with the function of every change of functions, versions, aliases and concurrency, once it is on disk. */
  onChange(listener: (key: FunctionKey) => void): void {
    this.#changeListeners.push(listener);
  }

  /** Somebody invoked a version that is `Inactive`. */
  onInactive(listener: (version: FunctionVersion) => void): void {
    this.#inactiveListener = listener;
  }

  /** A version that ran until now does not any more. */
  retire(version: FunctionVersion): void {
    this.#announce(this.#parts.liveFolders.forget(version));
  }

  reservedTotal(scope: Scope): number | Promise<number> {
    return this.#totals.get(`${scope.account}/${scope.region}`) ?? this.#loadTotal(scope);
  }

  invalidate(key: FunctionKey): void {
    this.#functions.delete(keyText(key));
    this.#totals = new Map();
    for (const listener of this.#changeListeners) listener(key);
  }

  /** Every function is gone. */
  clear(): void {
    this.#functions.clear();
    this.#totals = new Map();
    this.#parts.liveFolders.close();
  }

  #announce(deploymentId: string): void {
    for (const listener of this.#retiredListeners) listener(deploymentId);
  }

  #choose({ main, other }: Choice): InvocationTarget {
    return other && this.#parts.random() < other.weight ? other.target : main;
  }

  /** Remembers only what nobody changed while it was being read: an invalidation takes the whole map away. */
  async #load(address: FunctionAddress): Promise<InvocationTarget> {
    const key = keyText(address);
    const remembered = this.#functions.get(key) ?? new Map<string, Choice>();
    this.#functions.set(key, remembered);
    try {
      const choice = await this.#read(address);
      // Changed meanwhile, deleted perhaps: what was read may be of before.
      if (this.#functions.get(key) !== remembered) return await this.#load(address);
      remembered.set(address.qualifier ?? '', choice);
      this.#forgetOldest();
      return this.#choose(choice);
    } finally {
      if (remembered.size === 0 && this.#functions.get(key) === remembered) this.#functions.delete(key);
    }
  }

  async #read(address: FunctionAddress): Promise<Choice> {
    const { qualifier } = address;
    const reservedConcurrency = await this.#parts.concurrency.reserved(address);
    const common = {
      invokedFunctionArn: functionArn(address, address.name, qualifier),
      ...(reservedConcurrency === undefined ? {} : { reservedConcurrency }),
      ...(reservedConcurrency === undefined
        ? {}
        : { provisionedConcurrency: await this.#parts.concurrency.provisioned(address) }),
    };
    if (qualifier === undefined || isVersionName(qualifier)) {
      return { main: { ...common, version: await this.#running(address, qualifier ?? LATEST) } };
    }
    const alias = await readAlias(this.#parts.database, address, qualifier);
    if (!alias) throw functionNotFound(address, qualifier);
    const target = async (version: string): Promise<InvocationTarget> => ({
      ...common,
      alias: alias.name,
      version: await this.#running(address, version),
    });
    const main = await target(alias.version);
    const { routing } = alias;
    if (!routing) return { main };
    return { main, other: { target: await target(routing.version), weight: routing.weight } };
  }

  async #running(address: FunctionAddress, version: string): Promise<FunctionVersion> {
    const record = await readVersion(this.#parts.database, address, version);
    if (!record) throw functionNotFound(address, version);
    const running = record.serving ?? record.shown;
    if (running.state !== 'Active') throw this.#refusal(running);
    return this.#parts.liveFolders.present(running);
  }

  #refusal(version: FunctionVersion): Error {
    if (!startsFromSnapshot(version) || version.state === 'Failed') return notReady(version.state);
    if (version.state === 'Inactive') this.#inactiveListener(version);
    return snapshotNotReady();
  }

  #forgetOldest(): void {
    if (this.#functions.size <= MOST_REMEMBERED) return;
    const [oldest] = this.#functions.keys();
    if (oldest !== undefined) this.#functions.delete(oldest);
  }

  async #loadTotal(scope: Scope): Promise<number> {
    const totals = this.#totals;
    const total = await this.#parts.concurrency.reservedTotal(scope);
    totals.set(`${scope.account}/${scope.region}`, total);
    return total;
  }
}

function keyText(key: FunctionKey): string {
  return `${key.account}/${key.region}/${key.name}`;
}
