import { createHmac, timingSafeEqual } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, secretFile } from '../../base/index.ts';
import type { CodeStore } from './code-store.ts';

/** Where the edge serves signed links: `/_code/<sha256>?expires=…&signature=…`. */
export const DOWNLOAD_PATH = '/_code/';

/** As long as the links that AWS answers live. */
const LINK_LIFE_MS = 600_000;
const KEY_BYTES = 32;

/** Links by which anyone who holds one may download one archive, for ten minutes of service time. */
export class DownloadLinks {
  readonly #key: Buffer;
  readonly #code: CodeStore;
  readonly #clock: Clock;

  private constructor(key: Buffer, code: CodeStore, clock: Clock) {
    this.#key = key;
    this.#code = code;
    this.#clock = clock;
  }

  /** Reads the signing key from the data folder, or makes it. */
  static open(parts: {
    readonly folder: string;
    readonly code: CodeStore;
    readonly clock: Clock;
  }): DownloadLinks {
    const key = Buffer.from(secretFile(join(parts.folder, 'link.key'), KEY_BYTES), 'hex');
    return new DownloadLinks(key, parts.code, parts.clock);
  }

  /** `<baseUrl>/_code/<sha256>?expires=<epoch ms>&signature=<hex>`. */
  sign(baseUrl: string, sha256Hex: string): string {
    const expires = String(this.#clock.nowMs() + LINK_LIFE_MS);
    return `${baseUrl}${DOWNLOAD_PATH}${sha256Hex}?expires=${expires}&signature=${this.#signature(sha256Hex, expires)}`;
  }

  /** The archive that a requested URL (path and query) opens; `undefined` where the link is forged, stale or dead. */
  verify(url: string): { readonly filePath: string } | undefined {
    const match = /^\/_code\/([0-9a-f]{64})\?expires=(\d{1,15})&signature=([0-9a-f]{64})$/.exec(url);
    const [, sha256Hex = '', expires = '', signature = ''] = match ?? [];
    if (!match || Number(expires) < this.#clock.nowMs()) return undefined;
    const expected = Buffer.from(this.#signature(sha256Hex, expires));
    if (!timingSafeEqual(expected, Buffer.from(signature))) return undefined;
    const filePath = this.#code.archivePath(sha256Hex);
    return existsSync(filePath) ? { filePath } : undefined;
  }

  #signature(sha256Hex: string, expires: string): string {
    return createHmac('sha256', this.#key).update(`${sha256Hex}\n${expires}`).digest('hex');
  }
}
