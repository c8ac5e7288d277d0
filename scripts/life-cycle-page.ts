import {
  acceptsInvocation,
  type LifeEvent,
  type LifeState,
  lifeEvents,
  lifeStates,
  nextLifeState,
} from '../src/environments/lifecycle.ts';
import { table, withSection } from './marked-section.ts';

interface StateInWords {
  readonly is: string;
  /** As AWS's developer guide names it. */
  readonly phase: string;
  readonly billed: string;
}

/** A state without words does not compile. */
const states = {
  new: { is: 'nothing runs yet', phase: 'before Init', billed: 'no' },
  initializing: {
    is: 'the sandbox starts, extensions and the runtime start in it, the code outside the handler runs; CPU without bound',
    phase: 'Init',
    billed: 'on demand; not ahead of invocations',
  },
  idle: {
    is: 'waits for an event, and may run for the first 100 ms, so that a busy environment is never frozen',
    phase: 'between invocations',
    billed: 'no',
  },
  frozen: {
    is: 'waits without CPU: timers and threads stand still until the next event',
    phase: 'between invocations',
    billed: 'no',
  },
  invoking: { is: 'the runtime and extensions have an event', phase: 'Invoke', billed: 'yes' },
  finishing: {
    is: 'the response is with the caller; the runtime, or an extension, has not asked for more yet',
    phase: 'Invoke',
    billed: 'yes',
  },
  ending: {
    is: 'after a failure: extensions hear `SHUTDOWN`, processes are killed, their last output is read',
    phase: 'Shutdown, as part of a reset',
    billed: 'no',
  },
  reset: {
    is: 'nothing runs, `/tmp` is as it was; the next event starts everything again',
    phase: 'between invocations',
    billed: 'no',
  },
  closed: {
    is: 'takes nothing any more; processes, mounts, network, control group and `/tmp` go',
    phase: 'after Shutdown',
    billed: 'no',
  },
} as const satisfies Readonly<Record<LifeState, StateInWords>>;

const events = {
  start: 'an event, or provisioned concurrency, needs it to run',
  initialized: 'the runtime and every extension have asked for an event',
  invoke: 'an event is handed over; a frozen environment runs again first',
  answer: 'the runtime has posted a response or an error of the handler',
  finish: 'the runtime and all extensions with `INVOKE` have asked for more: REPORT',
  freeze: '100 ms have passed without an event',
  fail: 'timeout, exit, out of memory, Init error, an extension that ended, a machine that could not start it',
  ended: 'nothing of its processes is left',
  close: 'idle for too long, four hours old, retired by an update or deletion, evicted, or the server stops',
} as const satisfies Readonly<Record<LifeEvent, string>>;

/** docs/life-cycle.md with its tables as the code has them. */
export function lifeCyclePage(page: string): string {
  const withStates = withSection(page, 'states', statesTable());
  const withEvents = withSection(withStates, 'events', eventsTable());
  return withSection(withEvents, 'transitions', transitionsTable());
}

function statesTable(): string {
  const rows = lifeStates.map((state) => {
    const { is, phase, billed } = states[state];
    return [`\`${state}\``, is, phase, billed, acceptsInvocation(state) ? 'yes' : ''];
  });
  return table(['state', 'the environment', 'phase', 'billed', 'takes an event'], rows);
}

function eventsTable(): string {
  const rows = lifeEvents.map((event) => [`\`${event}\``, events[event]]);
  return table(['event', 'when'], rows);
}

function transitionsTable(): string {
  const rows = lifeStates.map((state) => [
    `\`${state}\``,
    ...lifeEvents.map((event) => nextLifeState(state, event) ?? '·'),
  ]);
  return table(['', ...lifeEvents.map((event) => `\`${event}\``)], rows);
}
