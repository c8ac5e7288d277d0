import type { EnvironmentInvocation, EnvironmentOutcome } from '../environments/index.ts';
import type { FunctionLookup, InvocationTarget } from '../functions/index.ts';
import { awsError, type FunctionVersion } from '../model/index.ts';
import type { Scheduler } from '../scheduler/index.ts';
import { requireTenant } from './tenancy.ts';
import type { InvocationOutcome, InvocationRequest, Invoker } from './invocation.ts';

interface InvokerOptions {
  readonly lookup: FunctionLookup;
  readonly scheduler: Scheduler;
}

/**
 * Runs one invocation: resolve, check the state, admit, run. On the warm path everything up to the environment happens in
 * one go, and the only promise is the one that the caller waits for.
 */
export class FunctionInvoker implements Invoker {
  readonly #options: InvokerOptions;

  constructor(options: InvokerOptions) {
    this.#options = options;
    options.lookup.onRetired((deploymentId) => options.scheduler.retire(deploymentId));
  }

  invoke(request: InvocationRequest): Promise<InvocationOutcome> {
    return new Promise((resolve, reject) => {
      const target = this.#options.lookup.resolve(request.address);
      if (target instanceof Promise)
        target.then((found) => this.#withTotal(request, found, { resolve, reject })).catch(reject);
      else this.#withTotal(request, target, { resolve, reject });
    });
  }

  #withTotal(request: InvocationRequest, target: InvocationTarget, caller: OutcomeCaller): void {
    refuseUnlessInvocable(target.version);
    requireTenant(target.version, request.tenantId);
    const total = this.#options.lookup.reservedTotal(target.version);
    if (typeof total === 'number') this.#run(request, { target, reservedTotal: total }, caller);
    else total.then((sum) => this.#run(request, { target, reservedTotal: sum }, caller)).catch(caller.reject);
  }

  #run(
    request: InvocationRequest,
    admission: { target: InvocationTarget; reservedTotal: number },
    caller: OutcomeCaller,
  ): void {
    const { invokedFunctionArn, version } = admission.target;
    this.#options.scheduler.invoke(
      {
        target: admission.target,
        reservedTotal: admission.reservedTotal,
        invocation: withArn(request, invokedFunctionArn),
      },
      {
        resolve: (outcome) => caller.resolve(withVersion(outcome, version.version)),
        reject: caller.reject,
      },
    );
  }
}

/** Member by member: on the path of every invocation a spread costs ten times as much. */
function withArn(request: InvocationRequest, invokedFunctionArn: string): EnvironmentInvocation {
  const { requestId, payload, clientContext, traceHeader, tenantId, tail, responseStream, phases } = request;
  return {
    requestId,
    invokedFunctionArn,
    payload,
    clientContext,
    traceHeader,
    tenantId,
    tail,
    responseStream,
    phases,
  };
}

function withVersion(outcome: EnvironmentOutcome, executedVersion: string): InvocationOutcome {
  const { payload, contentType, functionError, logTail, streamErrorType } = outcome;
  return { payload, contentType, functionError, logTail, streamErrorType, executedVersion };
}

interface OutcomeCaller {
  readonly resolve: (outcome: InvocationOutcome) => void;
  readonly reject: (error: unknown) => void;
}

/** A version whose update is in progress runs; one that never was ready does not. */
export function refuseUnlessInvocable({ state }: FunctionVersion): void {
  if (state === 'Active') return;
  throw awsError(
    'ResourceConflictException',
    `The operation cannot be performed at this time. The function is currently in the following state: ${state}`,
  );
}
