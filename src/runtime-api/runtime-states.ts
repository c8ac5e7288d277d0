/** States of the runtime as the Runtime API sees it, in AWS's words (they appear in its error texts). */
export type RuntimeState =
  | 'Started'
  | 'InitError'
  | 'Ready'
  | 'Running'
  | 'InvocationResponse'
  | 'InvocationErrorResponse'
  | 'RuntimeResponseSentState'
  | 'RestoreReady'
  | 'Restoring'
  | 'RestoreError';

export type RuntimeEvent =
  | 'next'
  | 'deliver'
  | 'response'
  | 'error'
  | 'response-sent'
  | 'init-error'
  | RestoreEvent;

/** Only where Init ends with a snapshot (SnapStart). */
type RestoreEvent = 'restore-next' | 'restore' | 'restore-error';

/** Every pair that is allowed; whatever is not written here is refused. A second `next` in Ready waits like the first. */
const transitions: Readonly<Record<RuntimeState, Partial<Record<RuntimeEvent, RuntimeState>>>> = {
  Started: { next: 'Ready', 'init-error': 'InitError', 'restore-next': 'RestoreReady' },
  InitError: {},
  Ready: { next: 'Ready', deliver: 'Running' },
  Running: { response: 'InvocationResponse', error: 'InvocationErrorResponse' },
  InvocationResponse: { 'response-sent': 'RuntimeResponseSentState' },
  InvocationErrorResponse: { 'response-sent': 'RuntimeResponseSentState' },
  RuntimeResponseSentState: { next: 'Ready' },
  RestoreReady: { 'restore-next': 'RestoreReady', restore: 'Restoring' },
  Restoring: { next: 'Ready', 'restore-error': 'RestoreError', 'init-error': 'RestoreError' },
  RestoreError: {},
};

/** Where each request of the runtime would lead: the second name in a refusal. */
const targets: Readonly<Record<RuntimeEvent, RuntimeState>> = {
  next: 'Ready',
  deliver: 'Running',
  response: 'InvocationResponse',
  error: 'InvocationErrorResponse',
  'response-sent': 'RuntimeResponseSentState',
  'init-error': 'InitError',
  'restore-next': 'RestoreReady',
  restore: 'Restoring',
  'restore-error': 'RestoreError',
};

/** The state after `event`, or undefined where the pair is not allowed. */
export function nextState(state: RuntimeState, event: RuntimeEvent): RuntimeState | undefined {
  return transitions[state][event];
}

/** The text of a 403 `InvalidStateTransition`. */
export function refusalText(state: RuntimeState, event: RuntimeEvent): string {
  return `State transition from ${state} to ${targets[event]} failed for runtime. Error: State transition is not allowed`;
}
