import { LATEST } from '../../model/index.ts';
import type { Alias } from '../aliases-store.ts';

export interface VersionShare {
  /** Decimal number. */
  readonly version: string;
  readonly count: number;
}

/**
 * How the provisioned concurrency of an alias is split over its versions: by its weights, and whoever has a weight has at
 * least one environment where there are enough. `$LATEST` has none.
 */
export function decideShares({ version, routing }: Alias, requested: number): readonly VersionShare[] {
  if (version === LATEST) return [];
  if (!routing) return [{ version, count: requested }];
  const other = shareOf(routing.weight, requested);
  return [
    { version, count: requested - other },
    { version: routing.version, count: other },
  ].filter(({ count }) => count > 0);
}

function shareOf(weight: number, requested: number): number {
  if (weight <= 0) return 0;
  if (weight >= 1) return requested;
  const rounded = Math.round(requested * weight);
  return requested < 2 ? rounded : Math.min(requested - 1, Math.max(1, rounded));
}
