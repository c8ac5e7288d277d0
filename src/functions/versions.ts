import { awsError, type FunctionVersion, LATEST } from '../model/index.ts';
import { readChangeable } from './changeable.ts';
import { checkStorage, codeBytes, refuseLivePublish } from './deployment.ts';
import {
  executeAll,
  nextVersionNumber,
  pageVersions,
  readLastPublished,
  readVersion,
  writeVersion,
} from './functions-store.ts';
import { functionNotFound } from './not-found.ts';
import type { FunctionsParts } from './parts.ts';
import { fingerprintOf, publishedFrom } from './publishing.ts';
import type { FunctionKey } from './settings.ts';
import type { Transitions } from './transitions.ts';
import { pending } from './updates.ts';

export interface PublishRequest {
  /** Base64; refused where `$LATEST` has other code. */
  readonly codeSha256?: string | undefined;
  /** Of the version; `$LATEST` keeps its own. */
  readonly description?: string | undefined;
  readonly revisionId?: string | undefined;
}

/** Published versions: immutable copies of `$LATEST`. */
export class Versions {
  readonly #parts: FunctionsParts;

  readonly #transitions: Transitions;

  constructor(parts: FunctionsParts, transitions: Transitions) {
    this.#parts = parts;
    this.#transitions = transitions;
  }

  /** The new version; or the last one, as it is, where nothing changed since it was published. */
  async publish(key: FunctionKey, request: PublishRequest): Promise<FunctionVersion> {
    const { database, ids, lookup } = this.#parts;
    const published = await database.transaction(async (transaction) => {
      const { shown } = await readChangeable(transaction, key, request.revisionId);
      checkCode(shown, request.codeSha256);
      const fingerprint = fingerprintOf(shown);
      const last = await readLastPublished(transaction, key);
      if (last?.fingerprint === fingerprint) return last.shown;
      await checkStorage(this.#parts, transaction, { key, bytes: codeBytes(shown.code) });
      const number = await nextVersionNumber(transaction, key);
      const from = shown.snapStart ? pending(shown) : ready(shown);
      const version = publishedFrom(from, { number, description: request.description }, ids);
      const latest = { ...shown, revisionId: ids.uuid() };
      await executeAll(transaction, [
        ...writeVersion({ shown: version, unfinished: version.state === 'Pending', fingerprint }),
        ...writeVersion({ shown: latest, unfinished: false, fingerprint: '' }),
      ]);
      return version;
    });
    lookup.invalidate(key);
    if (published.state === 'Pending') void this.#transitions.begin(published);
    return published;
  }

  /** `$LATEST` first, then by number; those after `after` (0 is `$LATEST`). */
  async list(
    key: FunctionKey,
    page: { readonly after?: number | undefined; readonly count: number },
  ): Promise<readonly FunctionVersion[]> {
    const { database } = this.#parts;
    const versions = await pageVersions(database, key, page);
    if (versions.length === 0 && !(await readVersion(database, key, LATEST))) throw functionNotFound(key);
    return versions;
  }
}

/** A version that was published runs at once, whatever became of the last update of `$LATEST`. */
function ready(shown: FunctionVersion): FunctionVersion {
  const { lastUpdateReason: _, ...rest } = shown;
  return { ...rest, lastUpdateStatus: 'Successful' };
}

function checkCode(shown: FunctionVersion, expected: string | undefined): void {
  refuseLivePublish(shown.code);
  const current = codeSha256(shown);
  if (expected === undefined || expected === '' || expected === current) return;
  throw awsError(
    'InvalidParameterValueException',
    `CodeSHA256 (${expected}) is different from current CodeSHA256 in $LATEST (${current}). Please try again with the CodeSHA256 in $LATEST.`,
  );
}

/** `CodeSha256` as AWS shows it: base64 of a zip's, hexadecimal digits of an image's. A live folder has none. */
export function codeSha256({ code }: FunctionVersion): string {
  if (code.kind === 'image') return code.digestHex;
  return code.kind === 'archive'
    ? Buffer.from(code.sha256Hex, 'hex').toString('base64')
    : 'hot-reloading-hash-not-available';
}
