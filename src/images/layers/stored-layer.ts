import type { LayerFacts } from './extract-layer.ts';

/** What stands in a layer's `facts.json`. */
export interface StoredLayer extends LayerFacts {
  /** Unpacked, headers and all. */
  readonly bytes: number;
}

/** Reads what Hearth wrote itself. */
export function readLayerFacts(text: string): StoredLayer {
  return JSON.parse(text) as StoredLayer;
}
