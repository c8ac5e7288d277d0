import { ListeningAddress } from '../edge/index.ts';
import { LateSnapshots } from '../environments/index.ts';
import type { ServerFacts } from '../operator/index.ts';
import { localCredentials, openEdge, openEntrance } from './entrance.ts';
import { openExecution } from './execution.ts';
import { openFunctionParts, openImages } from './function-parts.ts';
import { bothOpen, claimFolder, type Ground, openStores } from './ground.ts';
import type { HearthOptions, HearthServer } from './options.ts';
import { type OpenSandboxes, openSandboxes } from './sandboxes.ts';

/** Builds and wires a server, and starts it. Rejects, with nothing left behind, where a part cannot start. */
export async function startHearth(options: HearthOptions): Promise<HearthServer> {
  const closing = new AsyncDisposableStack();
  try {
    const start = claimFolder(options, closing);
    // Side by side, since both wait for threads and other programs most of the time.
    const [ground, sandboxes] = await bothOpen(openStores(start), openSandboxes(start));
    return await build(ground, sandboxes);
  } catch (error) {
    await closing.disposeAsync();
    throw error;
  }
}

async function build(ground: Ground, { sandboxes, notes }: OpenSandboxes): Promise<HearthServer> {
  const { options, folder, closing } = ground;
  const address = new ListeningAddress(options.host);
  const images = await openImages(ground, sandboxes);
  const snapshots = new LateSnapshots(sandboxes);
  const functions = await openFunctionParts(ground, { sandboxes, images, snapshots });
  // First, since what is being pulled would hold the others up.
  closing.defer(async () => images?.close());
  const execution = openExecution(ground, { ...functions, sandboxes, address });
  const entrance = await openEntrance(ground);
  const server: ServerFacts = {
    version: options.version,
    endpoint: () => address.url,
    dataFolder: folder,
    store: options.store === 'sqlite' ? 'sqlite' : 'postgres',
    sandbox: sandboxes.capabilities.kind,
    auth: options.auth,
  };
  const edge = openEdge(ground, { ...functions, ...execution, ...entrance, server });
  closing.defer(() => edge.close());
  // A person at a breakpoint would hold the edge's drain up.
  closing.defer(() => execution.debugInvoker.close());
  address.open(edge, await edge.listen());
  // Environments are told where the server listens, so these had to wait for it.
  await execution.provisioner.start();
  void execution.autoscaling.scheduled.tick();
  return {
    endpoint: address.url,
    dataFolder: folder,
    capabilities: sandboxes.capabilities,
    notes,
    runtimes: async () =>
      (await functions.runtimes.list()).filter((known) => known.interpreter).map((known) => known.identifier),
    localCredentials: () => localCredentials(options, entrance.keys),
    close: () => closing.disposeAsync(),
  };
}
