import { totalmem } from 'node:os';
import type { AutoscalingServices } from '../api/index.ts';
import { ScalingStore, ScheduledScaling } from '../autoscaling/index.ts';
import { type EnvironmentServices, expectColdStart } from '../environments/index.ts';
import { DebugInvoker, FunctionInvoker } from '../invoke/index.ts';
import { Provisioner } from '../provisioning/index.ts';
import { RuntimeDebuggers } from '../runtimes/index.ts';
import { machineLimits, Scheduler } from '../scheduler/index.ts';
import { environmentServices, type ExecutionParts } from './environment-services.ts';
import type { FunctionParts } from './function-parts.ts';
import type { Ground } from './ground.ts';

/** Environments may use this much of the machine's memory; the rest is the server's, the page cache's and the user's. */
const MEMORY_SHARE = 0.75;

/** What runs invocations. */
export interface Execution {
  readonly scheduler: Scheduler;
  readonly provisioner: Provisioner;
  readonly autoscaling: AutoscalingServices;
  readonly invoker: FunctionInvoker;
  readonly debugInvoker: DebugInvoker;
}

export function openExecution(ground: Ground, parts: ExecutionParts): Execution {
  const { machine, runtimes, features, settings } = parts;
  const services: EnvironmentServices = environmentServices(ground, parts, {
    scheduler: () => scheduler,
    services: () => services,
  });
  const memoryBytes = Math.trunc(totalmem() * MEMORY_SHARE);
  const scheduler: Scheduler = new Scheduler({
    services,
    machine: { ...machineLimits, memoryBytes },
    accountConcurrency: ground.options.accountConcurrency,
  });
  ground.closing.defer(() => scheduler.close());
  const { lookup } = features;
  const provisioner = new Provisioner({ ...ground, configs: settings.provisioned, lookup, scheduler });
  ground.closing.defer(() => provisioner.close());
  const autoscaling = openAutoscaling(ground, parts, provisioner);
  lookup.onReady((version) => void expectColdStart(version, services));
  const debuggers = new RuntimeDebuggers(machine, runtimes);
  return {
    scheduler,
    provisioner,
    autoscaling,
    invoker: new FunctionInvoker({ lookup, scheduler }),
    debugInvoker: new DebugInvoker({ lookup, services, debuggers }),
  };
}

function openAutoscaling(
  ground: Ground,
  { features, settings }: FunctionParts,
  provisioner: Provisioner,
): AutoscalingServices {
  const { clock, ids, log, database, closing } = ground;
  const store = new ScalingStore(database);
  const configs = settings.provisioned;
  const scheduled = new ScheduledScaling({ store, configs, provisioner, clock, log });
  closing.defer(() => scheduled.close());
  return { scaling: store, scheduled, functions: features.functions, configs, provisioner, clock, ids };
}
