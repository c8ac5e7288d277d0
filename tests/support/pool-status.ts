import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerStatus } from '../../src/server/index.ts';
import { createNode, createPython, invoke, lambdaClient } from './functions.ts';
import type { RunningHearth } from './hearth.ts';

/** What `hearth status` says of the server. */
export async function statusOf({ endpoint, dataFolder }: RunningHearth): Promise<ServerStatus> {
  const authorization = `Bearer ${readFileSync(join(dataFolder, 'operator-token'), 'utf8').trim()}`;
  const answer = await fetch(`${endpoint}/_hearth/status`, { headers: { authorization } });
  return (await answer.json()) as ServerStatus;
}

/** Resolves as soon as generic environments of two languages wait; at once where there is no pool. */
export async function bothLanguagesWait(hearth: RunningHearth): Promise<void> {
  for (;;) {
    const { sandbox, environments } = await statusOf(hearth);
    if (sandbox !== 'oci' || !environments.pool) return;
    if (Object.keys(environments.pool.byRuntime).length === 2) return;
  }
}

/** Shows the server that functions of both languages are in use, and waits for its pool. */
export async function fillPool(hearth: RunningHearth): Promise<void> {
  const client = lambdaClient(hearth.endpoint);
  await createNode(client, 'fill-node', 'export const handler = async () => 0;\n');
  await createPython(client, 'fill-python', 'def handler(event, context):\n    return 0\n');
  await Promise.all([invoke(client, 'fill-node'), invoke(client, 'fill-python')]);
  await bothLanguagesWait(hearth);
  client.destroy();
}
