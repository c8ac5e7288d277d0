import type { AliasRoutingConfiguration } from '@aws-sdk/client-lambda';
import type { AliasRouting } from '../../functions/index.ts';

/** The weights of a `RoutingConfig`; none where it is empty. */
export function parseRouting(
  config: AliasRoutingConfiguration | undefined,
): readonly AliasRouting[] | undefined {
  if (config === undefined) return undefined;
  const weights = Object.entries(config.AdditionalVersionWeights ?? {});
  return weights.map(([version, weight]) => ({ version, weight }));
}
