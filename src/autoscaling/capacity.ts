import type { ProvisionedConcurrency } from '../functions/index.ts';
import type { Provisioner } from '../provisioning/index.ts';
import type { ScalableTarget, TargetKey } from './scaling-store.ts';

/** `function:name:qualifier`; the qualifier is an alias or a version. */
export interface ScaledFunction {
  readonly name: string;
  readonly qualifier: string;
}

export function parseResourceId(resourceId: string): ScaledFunction | undefined {
  const [, name, qualifier] =
    /^function:([a-zA-Z0-9-_]{1,64}):([a-zA-Z0-9-_]{1,128})$/.exec(resourceId) ?? [];
  return name === undefined || qualifier === undefined ? undefined : { name, qualifier };
}

/** Capacity that is moved just so far that it lies within the bounds. */
export function decideCapacity(
  current: number,
  bounds: { readonly min: number; readonly max: number },
): number {
  return Math.max(bounds.min, Math.min(bounds.max, current));
}

interface Scaled {
  readonly configs: ProvisionedConcurrency;
  readonly provisioner: Pick<Provisioner, 'put' | 'delete'>;
}

/** Brings a function's provisioned concurrency within the bounds of its target. Rejects as the put does. */
export async function bringWithin(
  { configs, provisioner }: Scaled,
  key: TargetKey,
  { minCapacity: min, maxCapacity: max }: Pick<ScalableTarget, 'minCapacity' | 'maxCapacity'>,
): Promise<void> {
  const scaled = parseResourceId(key.resourceId);
  if (!scaled) return;
  const target = { account: key.account, region: key.region, name: scaled.name };
  const current = (await configs.find(target, scaled.qualifier))?.requested ?? 0;
  const wanted = decideCapacity(current, { min, max });
  if (wanted === current) return;
  if (wanted === 0) await provisioner.delete(target, scaled.qualifier);
  else await provisioner.put(target, scaled.qualifier, wanted);
}
