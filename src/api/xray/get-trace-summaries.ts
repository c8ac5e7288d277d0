import { summarize, type TraceSummary } from '../../tracing/index.ts';
import type { CallContext } from '../operation.ts';
import { invalidRequest, TRACE_ID } from './errors.ts';
import type { XrayOperation } from './services.ts';

interface Input {
  readonly StartTime: Date;
  readonly EndTime: Date;
  readonly NextToken?: string;
}

interface Output {
  readonly TraceSummaries: readonly object[];
  readonly ApproximateTime: Date;
  readonly TracesProcessedCount: number;
  readonly NextToken?: string;
}

const PAGE = 50;
const LONGEST_MS = 24 * 3_600_000;

export const getTraceSummaries: XrayOperation<Input, Output> = {
  name: 'GetTraceSummaries',
  members: {
    refused: {
      FilterExpression: { hint: 'Leave it out, and choose among the summaries.' },
      Sampling: { when: (sampling) => sampling === true, hint: 'Leave it out: all traces are given.' },
      SamplingStrategy: { hint: 'Leave it out: all traces are given.' },
      TimeRangeType: {
        when: (type) => type !== 'TraceId',
        hint: 'Use TraceId: traces are found by when they began.',
      },
    },
  },
  async run({ tracing, clock }, input, context) {
    const range = readRange(input);
    const ids = await tracing.list(context, { ...range, limit: PAGE + 1 });
    const page = ids.slice(0, PAGE);
    const traces = await Promise.all(page.map((id) => tracing.read(context, id)));
    const last = page.at(-1);
    return {
      TraceSummaries: traces.flatMap((trace) => (trace ? [render(summarize(trace), context)] : [])),
      ApproximateTime: new Date(clock.nowMs()),
      TracesProcessedCount: page.length,
      ...(ids.length > PAGE && last !== undefined ? { NextToken: last } : {}),
    };
  },
};

function readRange({ StartTime: from, EndTime: to, NextToken: after }: Input) {
  if (to < from) throw invalidRequest('EndTime is before StartTime.');
  if (to.getTime() - from.getTime() > LONGEST_MS) {
    throw invalidRequest('Time range cannot be longer than 24 hours.');
  }
  if (after !== undefined && !TRACE_ID.test(after)) throw invalidRequest('The NextToken is invalid.');
  return {
    fromSecond: from.getTime() / 1_000,
    toSecond: to.getTime() / 1_000,
    ...(after === undefined ? {} : { after }),
  };
}

function render(summary: TraceSummary, { account }: CallContext): object {
  const services = summary.services.map(({ name, type }) => ({
    Name: name,
    Names: [name],
    AccountId: account,
    ...(type === undefined ? {} : { Type: type }),
  }));
  const [entry] = services;
  return {
    Id: summary.id,
    StartTime: new Date(summary.startTime * 1_000),
    Duration: summary.durationSeconds,
    ResponseTime: summary.durationSeconds,
    HasFault: summary.hasFault,
    HasError: summary.hasError,
    HasThrottle: summary.hasThrottle,
    IsPartial: summary.isPartial,
    Http: {},
    Annotations: Object.fromEntries(Object.entries(summary.annotations).map(annotation)),
    Users: [],
    ServiceIds: services,
    ...(entry ? { EntryPoint: entry } : {}),
    Revision: 1,
  };
}

function annotation([key, values]: readonly [string, readonly (string | number | boolean)[]]) {
  return [
    key,
    values.map((value) => ({ AnnotationValue: { [memberFor(value)]: value }, ServiceIds: [] })),
  ] as const;
}

function memberFor(value: string | number | boolean): 'StringValue' | 'NumberValue' | 'BooleanValue' {
  if (typeof value === 'string') return 'StringValue';
  return typeof value === 'number' ? 'NumberValue' : 'BooleanValue';
}
