import type { ControlRoute } from '../edge/index.ts';
import { type ResetParts, reset } from './reset.ts';
import { readStatus, type StatusParts } from './status.ts';

export type OperatorParts = ResetParts & StatusParts;

/** `hearth status` and `hearth reset`. */
export function operatorRoutes(parts: OperatorParts): readonly ControlRoute[] {
  return [
    {
      method: 'GET',
      path: '/status',
      handle: async () => ({ status: 200, body: await readStatus(parts) }),
    },
    {
      method: 'POST',
      path: '/reset',
      handle: async () => {
        await reset(parts);
        return { status: 204 };
      },
    },
  ];
}
