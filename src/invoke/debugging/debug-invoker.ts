import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import {
  type EnvironmentInvocation,
  type EnvironmentOutcome,
  type EnvironmentOwner,
  type EnvironmentServices,
  ExecutionEnvironment,
  type PreparedVersion,
} from '../../environments/index.ts';
import type { FunctionLookup, InvocationTarget } from '../../functions/index.ts';
import { awsError, type FunctionVersion } from '../../model/index.ts';
import {
  CannotProvideDebugger,
  type DebugProtocol,
  type LaunchPlan,
  type RuntimeDebuggers,
} from '../../runtimes/index.ts';
import type { Sandbox } from '../../sandbox/index.ts';
import { refuseUnlessInvocable } from '../function-invoker.ts';
import type { InvocationOutcome, InvocationRequest } from '../invocation.ts';
import { requireTenant } from '../tenancy.ts';
import { DebuggedSandboxes } from './debugged-sandboxes.ts';
import { DebuggerDoor } from './debugger-door.ts';

/** What happens on the way to the outcome, for the person who waits with a debugger. */
export type DebugEvent =
  /** The debugger of the language is being fetched. */
  | { readonly kind: 'fetching' }
  /** A debugger may attach at this port of the server's 127.0.0.1; the code is at `taskRoot` in its eyes. */
  | {
      readonly kind: 'waiting';
      readonly protocol: DebugProtocol['name'];
      readonly port: number;
      readonly taskRoot: string;
    };

export interface DebugRequest extends InvocationRequest {
  /** Of the host, for the debugger; absent means the one that its clients look at. */
  readonly debugPort?: number;
}

interface DebugInvokerOptions {
  readonly lookup: FunctionLookup;
  readonly services: EnvironmentServices;
  readonly debuggers: RuntimeDebuggers;
}

/** A person debugs one thing at a time; a few may share a server. */
const MOST_SESSIONS = 8;
/** Nobody holds a breakpoint for longer; what was forgotten ends by itself. */
const SESSION_LIMIT_MS = 24 * 3_600_000;

/**
 * Runs single invocations under a debugger: each in an environment of its own that nobody else gets, without timeouts,
 * started so that it waits for the debugger before the function's code is loaded. They count towards no concurrency.
 */
export class DebugInvoker {
  readonly #options: DebugInvokerOptions;
  readonly #sessions = new Set<AbortController>();

  constructor(options: DebugInvokerOptions) {
    this.#options = options;
  }

  /**
   * Resolves as `Invoker.invoke` does. Ends at once, and rejects, when `signal` aborts: whoever asked is gone.
   * Rejects with `InvalidParameterValueException` for a runtime without a debugger and for a port that is taken.
   */
  async invoke(
    request: DebugRequest,
    onEvent: (event: DebugEvent) => void,
    signal: AbortSignal,
  ): Promise<InvocationOutcome> {
    if (this.#sessions.size >= MOST_SESSIONS) throw tooManySessions();
    const session = new AbortController();
    this.#sessions.add(session);
    try {
      const target = await this.#options.lookup.resolve(request.address);
      const ended = AbortSignal.any([signal, session.signal]);
      return await this.#run(target, request, { onEvent, signal: ended });
    } finally {
      this.#sessions.delete(session);
    }
  }

  /** Ends the sessions of this moment at once. */
  close(): void {
    for (const session of this.#sessions) session.abort();
  }

  async #run(
    { version, invokedFunctionArn }: InvocationTarget,
    request: DebugRequest,
    listener: Listener,
  ): Promise<InvocationOutcome> {
    refuseUnlessInvocable(version);
    requireTenant(version, request.tenantId);
    const { debuggers } = this.#options;
    const protocol = debuggers.protocolOf(version.runtime);
    if (!protocol) throw noDebugger(version.runtime);
    await using closing = new AsyncDisposableStack();
    const door = await openDoor(request.debugPort ?? protocol.usualPort, this.#options.services);
    closing.defer(() => door.close());
    if (debuggers.mustFetch(version.runtime)) listener.onEvent({ kind: 'fetching' });
    const insidePort = await freePort();
    const launch = await this.#prepare(version, insidePort);
    listener.signal.throwIfAborted();
    const environment = this.#environment(version, launch.prepared, (sandbox) => {
      door.lead(() => sandbox.connect(insidePort));
      const { taskRoot } = launch;
      listener.onEvent({ kind: 'waiting', protocol: protocol.name, port: door.port, taskRoot });
    });
    closing.defer(() => environment.close());
    const outcome = await invokeOnce(environment, { ...request, invokedFunctionArn }, listener.signal);
    return { ...outcome, executedVersion: version.version };
  }

  /**
   * An Init that fails is repeated within the invocation, as on AWS, but nobody wants to attach twice: the debugger is
   * waited for at the first start only.
   */
  async #prepare(version: FunctionVersion, insidePort: number): Promise<DebugLaunch> {
    const { services, debuggers } = this.#options;
    const plain = await services.prepare(version);
    const debugged = await debuggers.plan(version, insidePort).catch((error: unknown) => {
      throw error instanceof CannotProvideDebugger
        ? awsError('InvalidParameterValueException', error.message)
        : error;
    });
    const launch = { taskRoot: '/var/task', prepared: { ...plain, plan: debugged } };
    let plan = debugged;
    const program: LaunchPlan['program'] = (inside, facts) => {
      launch.taskRoot = inside.path('/var/task');
      const started = plan.program(inside, facts);
      plan = plain.plan;
      return started;
    };
    launch.prepared.plan = { ...debugged, program };
    return launch;
  }

  /** Like any other, but for limits that would get in a person's way. */
  #environment(
    version: FunctionVersion,
    prepared: PreparedVersion,
    onStart: (sandbox: Sandbox) => void,
  ): ExecutionEnvironment {
    const { services } = this.#options;
    // A debugger must be there from the start, so Init runs here, also of a version with SnapStart.
    const { snapStart: _, ...onDemand } = version;
    return new ExecutionEnvironment({ ...onDemand, timeoutMs: SESSION_LIMIT_MS }, prepared, {
      services: {
        ...services,
        sandboxes: new DebuggedSandboxes(services.sandboxes, onStart),
        timings: { ...services.timings, initMs: SESSION_LIMIT_MS },
        unboundedCpu: true,
      },
      owner: nobody,
    });
  }
}

interface DebugLaunch {
  readonly prepared: PreparedVersion;
  /** Where the debugger sees the code; known once the sandbox has started. */
  readonly taskRoot: string;
}

interface Listener {
  readonly onEvent: (event: DebugEvent) => void;
  readonly signal: AbortSignal;
}

/** It is invoked once and closed by who made it. */
const nobody: EnvironmentOwner = {
  available: () => undefined,
  closing: () => undefined,
  closed: () => undefined,
};

/** The last of the function's output is in the log when the environment is available again, so nothing of it is lost. */
function invokeOnce(
  environment: ExecutionEnvironment,
  invocation: EnvironmentInvocation,
  signal: AbortSignal,
): Promise<EnvironmentOutcome> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => void environment.close(), { once: true });
    environment.invoke(invocation, { resolve, reject });
  });
}

async function openDoor(port: number, { clock }: EnvironmentServices): Promise<DebuggerDoor> {
  try {
    return await DebuggerDoor.open(port, clock);
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const taken = reason === 'EADDRINUSE' ? 'is taken' : `cannot be opened (${reason})`;
    throw awsError(
      'InvalidParameterValueException',
      `Port ${port} of 127.0.0.1, for the debugger, ${taken}. Choose another one with --inspect-port (0: any).`,
    );
  }
}

/** Of the host: under the process sandbox, inside is the host. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function noDebugger(runtime: string): Error {
  return awsError(
    'InvalidParameterValueException',
    `Hearth knows no debugger for ${runtime || 'container images'}: it debugs Node.js and Python functions.`,
  );
}

function tooManySessions(): Error {
  const message = `${MOST_SESSIONS} debugging sessions are open already; end one of them.`;
  return awsError('InvalidParameterValueException', message);
}
