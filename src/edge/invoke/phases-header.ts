import type { IncomingHttpHeaders } from 'node:http';
import { type Clock, PhaseTimes } from '../../base/index.ts';

/** Of Hearth's own: asked with 1, answered with `PHASES_HEADER`. Without it nothing is measured. */
const TRACE_HEADER = 'x-hearth-trace';
export const PHASES_HEADER = 'x-hearth-phases';

export function phasesAskedFor(headers: IncomingHttpHeaders, clock: Clock): PhaseTimes | undefined {
  return headers[TRACE_HEADER] === '1' ? new PhaseTimes(clock) : undefined;
}

/** `queue;dur=0.41, init;dur=3.2`, in milliseconds: the syntax of Server-Timing. */
export function renderPhases(phases: PhaseTimes): string {
  return phases.all.map(({ name, durationMs }) => `${name};dur=${durationMs.toFixed(3)}`).join(', ');
}
