import { errorReply } from '../http/index.ts';
import type { ExtensionEventName } from './extension.ts';
import { refused } from './extension-replies.ts';

/** The events of a `POST /extension/register`, or the refusal. */
export function parseRegisterRequest(
  body: Buffer,
  external: boolean,
): { readonly events: readonly ExtensionEventName[] } | string {
  const events = eventsIn(body);
  if (typeof events === 'string') return errorReply(403, 'InvalidRequestFormat', events);
  const known: ExtensionEventName[] = [];
  for (const event of events) {
    const problem = problemWith(event, external);
    if (problem !== undefined) return refused('InvalidEventType', `${event}: ${problem}`);
    if (event === 'INVOKE' || event === 'SHUTDOWN') known.push(event);
  }
  // Always in the same order, each once: this is how the log shows them.
  return { events: (['INVOKE', 'SHUTDOWN'] as const).filter((event) => known.includes(event)) };
}

function eventsIn(body: Buffer): readonly string[] | string {
  try {
    const parsed: unknown = JSON.parse(body.toString());
    if (typeof parsed !== 'object' || parsed === null) return 'The request body must be a JSON object';
    const events: unknown = 'events' in parsed ? parsed.events : [];
    if (!Array.isArray(events)) return 'events must be a list';
    return events.every((event) => typeof event === 'string') ? events : 'events must be a list of strings';
  } catch (error) {
    return error instanceof Error ? error.message : 'The request body must be JSON';
  }
}

function problemWith(event: string, external: boolean): string | undefined {
  if (event === 'INVOKE') return undefined;
  if (event !== 'SHUTDOWN') return 'ErrorInvalidEventType';
  return external ? undefined : 'ShutdownEventNotSupportedForInternalExtension';
}
