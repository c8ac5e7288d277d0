import type { AccessKey, AccessKeys } from '../keys/access-keys.ts';
import type { ControlAnswer, ControlRoute } from './control-routes.ts';

/** `hearth keys list|create|delete`. A secret is shown once, when its key is made. */
export function keyRoutes(keys: AccessKeys): readonly ControlRoute[] {
  return [
    { method: 'GET', path: '/keys', handle: () => ({ status: 200, body: keys.list().map(withoutSecret) }) },
    { method: 'POST', path: '/keys', handle: ({ body }) => create(keys, body) },
    {
      method: 'DELETE',
      path: '/keys/{id}',
      handle: async ({ labels }) => {
        const deleted = await keys.delete(labels['id'] ?? '');
        return deleted ? { status: 204 } : { status: 404, body: { message: 'There is no such key.' } };
      },
    },
  ];
}

async function create(keys: AccessKeys, body: unknown): Promise<ControlAnswer> {
  const account = typeof body === 'object' && body !== null && 'account' in body ? body.account : undefined;
  if (typeof account !== 'string' || !/^\d{12}$/.test(account)) {
    return { status: 400, body: { message: 'account must be 12 digits.' } };
  }
  const key = await keys.create(account);
  if (!key) return { status: 400, body: { message: 'There are too many keys; delete some.' } };
  return { status: 200, body: { ...withoutSecret(key), secretAccessKey: key.secretAccessKey } };
}

function withoutSecret({ accessKeyId, account, createdAtMs }: AccessKey) {
  return { accessKeyId, account, createdAt: new Date(createdAtMs).toISOString() };
}
