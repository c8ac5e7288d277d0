import { createLog } from '../../src/base/index.ts';
import { Provisioner } from '../../src/provisioning/index.ts';
import { machineLimits, Scheduler } from '../../src/scheduler/index.ts';
import { testServices } from './environments.ts';
import type { FunctionsFixture } from './open-functions.ts';

/** A provisioner over the functions of a fixture, whose environments are real processes. */
export async function openProvisioner({ module, settings, clock }: FunctionsFixture): Promise<{
  readonly provisioner: Provisioner;
  readonly scheduler: Scheduler;
  readonly close: () => Promise<void>;
}> {
  const { services } = testServices();
  const scheduler = new Scheduler({ services, machine: machineLimits });
  const provisioner = new Provisioner({
    configs: settings.provisioned,
    lookup: module.lookup,
    scheduler,
    clock,
    log: createLog('silent'),
  });
  await provisioner.start();
  const close = async (): Promise<void> => {
    await provisioner.close();
    await scheduler.close();
  };
  return { provisioner, scheduler, close };
}
