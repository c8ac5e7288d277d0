import { type AssembledTrace, summarize } from '../../tracing/index.ts';
import { invalidRequest, TRACE_ID } from './errors.ts';
import type { XrayOperation } from './services.ts';

interface Input {
  readonly TraceIds: readonly string[];
}

interface WireTrace {
  readonly Id: string;
  readonly Duration: number;
  readonly LimitExceeded: boolean;
  readonly Segments: readonly { readonly Id: string; readonly Document: string }[];
}

interface Output {
  readonly Traces: readonly WireTrace[];
  readonly UnprocessedTraceIds: readonly string[];
}

/** As many as X-Ray gives in one call. */
const MOST_TRACES = 5;

export const batchGetTraces: XrayOperation<Input, Output> = {
  name: 'BatchGetTraces',
  async run({ tracing }, { TraceIds: ids }, context) {
    if (ids.length > MOST_TRACES) {
      throw invalidRequest(`A request can name no more than ${MOST_TRACES} traces.`);
    }
    const traces: WireTrace[] = [];
    for (const id of new Set(ids)) {
      const trace = TRACE_ID.test(id) ? await tracing.read(context, id) : undefined;
      if (trace) traces.push(render(trace));
    }
    return { Traces: traces, UnprocessedTraceIds: ids.filter((id) => !TRACE_ID.test(id)) };
  },
};

function render(trace: AssembledTrace): WireTrace {
  return {
    Id: trace.id,
    Duration: summarize(trace).durationSeconds,
    LimitExceeded: false,
    Segments: trace.segments.map(({ id, members }) => ({ Id: id, Document: JSON.stringify(members) })),
  };
}
