import type { ExtractedFacts } from './extract.ts';
import type { ZipRefusal } from './zip-plan.ts';

/** Work on code that would block the event loop, as it is posted to the worker. */
export type CodeJob =
  /** Hashes `<folder>/archive.zip` and extracts it to `<folder>/root`, unless `<objects>/<sha256>` is there already. */
  | { readonly kind: 'extract'; readonly folder: string; readonly objects: string }
  /** Lays the trees over one another in `<folder>/root`. */
  | { readonly kind: 'merge'; readonly folder: string; readonly trees: readonly string[] };

export type CodeJobDone =
  | { readonly kind: 'extracted'; readonly sha256Hex: string; readonly facts: ExtractedFacts }
  | { readonly kind: 'present'; readonly sha256Hex: string }
  | { readonly kind: 'merged' };

export type CodeJobAnswer =
  | CodeJobDone
  | { readonly kind: 'rejected'; readonly refusal: ZipRefusal; readonly message: string }
  /** `code` as in `ENOSPC`, where the system refused something. */
  | { readonly kind: 'failed'; readonly message: string; readonly code?: string };
