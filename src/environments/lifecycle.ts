/**
 * The life of an execution environment.
 *
 * `new`: nothing runs yet · `initializing`: the process starts and loads the code · `idle`: waiting for work ·
 * `frozen`: the same, without CPU · `invoking`: the runtime has an event · `finishing`: it has answered and not yet asked for
 * more · `ending`: its processes are being killed and their last output read · `reset`: `/tmp` is kept, nothing runs, the
 * next invocation initialises again · `closed`: gone.
 */
export type LifeState =
  | 'new'
  | 'initializing'
  | 'idle'
  | 'frozen'
  | 'invoking'
  | 'finishing'
  | 'ending'
  | 'reset'
  | 'closed';

export const lifeEvents = [
  'start',
  'initialized',
  'invoke',
  'answer',
  'finish',
  'freeze',
  'fail',
  'ended',
  'close',
] as const;

export type LifeEvent = (typeof lifeEvents)[number];

/** Every pair that may happen; whatever is not written here must not, and is a bug of the caller. */
const transitions: Readonly<Record<LifeState, Partial<Record<LifeEvent, LifeState>>>> = {
  new: { start: 'initializing', close: 'closed' },
  initializing: { initialized: 'idle', fail: 'ending', close: 'closed' },
  idle: { invoke: 'invoking', freeze: 'frozen', fail: 'ending', close: 'closed' },
  frozen: { invoke: 'invoking', fail: 'ending', close: 'closed' },
  invoking: { answer: 'finishing', fail: 'ending', close: 'closed' },
  finishing: { finish: 'idle', fail: 'ending', close: 'closed' },
  ending: { ended: 'reset', close: 'closed' },
  reset: { start: 'initializing', close: 'closed' },
  closed: { close: 'closed' },
};

export const lifeStates = Object.keys(transitions) as readonly LifeState[];

/** The state after `event`, or undefined where the pair must not happen. */
export function nextLifeState(state: LifeState, event: LifeEvent): LifeState | undefined {
  return transitions[state][event];
}

/** Whether an invocation may be given to an environment in this state. */
export function acceptsInvocation(state: LifeState): boolean {
  return state === 'idle' || state === 'frozen' || state === 'new' || state === 'reset';
}
