import type { ControlRoute } from '../edge/index.ts';
import { type DebugParts, debugRoute } from './debug-route.ts';
import { type ResetParts, reset } from './reset.ts';
import { readStatus, type StatusParts } from './status.ts';

export type OperatorParts = ResetParts & StatusParts & DebugParts;

/** `hearth status`, `hearth reset` and `hearth invoke --inspect`. */
export function operatorRoutes(parts: OperatorParts): readonly ControlRoute[] {
  return [
    debugRoute(parts),
    {
      method: 'GET',
      path: '/status',
      handle: async () => ({ status: 200, body: await readStatus(parts) }),
    },
    {
      method: 'POST',
      path: '/reset',
      handle: async () => {
        parts.debugInvoker.close();
        await reset(parts);
        return { status: 204 };
      },
    },
  ];
}
