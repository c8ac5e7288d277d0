/** States of an extension as the Extensions API sees it, in AWS's words (they appear in its error texts and in the log). */
export type ExtensionState =
  | 'Started'
  | 'Registered'
  | 'Ready'
  | 'Running'
  | 'InitError'
  | 'ExitError'
  | 'Exited'
  | 'ShutdownFailed'
  | 'LaunchError';

export type ExtensionStep =
  | 'register'
  | 'next'
  | 'deliver'
  | 'init-error'
  | 'exit-error'
  | 'exit'
  | 'launch-error';

/** Every pair that is allowed; whatever is not written here is refused. */
const transitions: Readonly<Record<ExtensionState, Partial<Record<ExtensionStep, ExtensionState>>>> = {
  Started: { register: 'Registered', 'launch-error': 'LaunchError', exit: 'Exited' },
  Registered: { next: 'Ready', 'init-error': 'InitError', 'exit-error': 'ExitError', exit: 'Exited' },
  Ready: { deliver: 'Running', 'exit-error': 'ExitError', exit: 'Exited' },
  Running: { next: 'Ready', 'exit-error': 'ExitError', exit: 'Exited' },
  // The first error counts; to repeat it is no mistake.
  InitError: { 'init-error': 'InitError' },
  ExitError: { 'exit-error': 'ExitError' },
  Exited: {},
  ShutdownFailed: {},
  LaunchError: {},
};

/** Where each request of an extension would lead: the second name in a refusal. */
const targets: Readonly<Record<ExtensionStep, ExtensionState>> = {
  register: 'Registered',
  next: 'Ready',
  deliver: 'Running',
  'init-error': 'InitError',
  'exit-error': 'Exited',
  exit: 'Exited',
  'launch-error': 'LaunchError',
};

/** The state after `step`, or undefined where the pair is not allowed. */
export function nextExtensionState(state: ExtensionState, step: ExtensionStep): ExtensionState | undefined {
  return transitions[state][step];
}

/** The text of a 403 `Extension.InvalidExtensionState`; `extension` is its name or its identifier. */
export function extensionRefusal(state: ExtensionState, step: ExtensionStep, extension: string): string {
  return (
    `State transition from ${state} to ${targets[step]} failed for extension ${extension}. ` +
    'Error: State transition is not allowed'
  );
}
