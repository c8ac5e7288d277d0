import type { Compression } from '../manifest.ts';

/** Work on layers that would block the event loop; each runs in a thread of its own. */
export type LayerJob =
  /** Unpacks `<folder>/blob` into `<folder>/root` and writes `<folder>/facts.json`, if it is what `diffHex` says. */
  | {
      readonly kind: 'extract';
      readonly folder: string;
      readonly compression: Compression;
      readonly diffHex: string;
      readonly mostBytes: number;
    }
  /** Lays the layers in these folders over one another in `<folder>/root`. */
  | { readonly kind: 'stack'; readonly folder: string; readonly layers: readonly string[] };

export type LayerJobAnswer =
  | { readonly kind: 'done' }
  /** The image is at fault. */
  | { readonly kind: 'invalid'; readonly message: string }
  /** `code` as in `ENOSPC`, where the system refused something. */
  | { readonly kind: 'failed'; readonly message: string; readonly code?: string };
