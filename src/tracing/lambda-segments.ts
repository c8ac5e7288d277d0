import { type FunctionVersion, functionArn } from '../model/index.ts';
import type { InvocationTrace } from './trace-header.ts';

/** How one traced invocation went. Times in milliseconds since the epoch. */
export interface TracedInvocation {
  readonly trace: InvocationTrace;
  readonly version: FunctionVersion;
  readonly requestId: string;
  readonly invokedFunctionArn: string;
  readonly startMs: number;
  /** When the runtime asked for more. */
  readonly endMs: number;
  /** Of an Init that this invocation waited for. */
  readonly initMs?: number | undefined;
  readonly failed: boolean;
  /** 16 hexadecimal digits each, for two subsegments. */
  readonly subsegmentIds: readonly [string, string];
}

/**
 * The two segments that Lambda sends of each sampled invocation (developer guide, "Understanding X-Ray traces"): the
 * service's, `AWS::Lambda`, and below it the function's, `AWS::Lambda::Function`.
 */
export function lambdaSegments(invocation: TracedInvocation): readonly [object, object] {
  const { trace, version, requestId, invokedFunctionArn, startMs, endMs, initMs, failed } = invocation;
  const common = {
    name: version.name,
    trace_id: trace.traceId,
    start_time: seconds(startMs - (initMs ?? 0)),
    end_time: seconds(endMs),
    ...(failed ? { fault: true } : {}),
  };
  const service = {
    ...common,
    id: trace.serviceSegmentId,
    ...(trace.callerId === undefined ? {} : { parent_id: trace.callerId }),
    origin: 'AWS::Lambda',
    resource_arn: invokedFunctionArn,
    aws: { request_id: requestId, account_id: version.account },
  };
  const own = {
    ...common,
    id: trace.segmentId,
    parent_id: trace.serviceSegmentId,
    origin: 'AWS::Lambda::Function',
    resource_arn: functionArn(version, version.name),
    aws: { account_id: version.account, function_arn: functionArn(version, version.name) },
    subsegments: subsegments(invocation),
  };
  return [service, own];
}

function subsegments(invocation: TracedInvocation): readonly object[] {
  const { startMs, endMs, initMs, failed, subsegmentIds } = invocation;
  const [initId, invocationId] = subsegmentIds;
  const initialization = {
    id: initId,
    name: 'Initialization',
    start_time: seconds(startMs - (initMs ?? 0)),
    end_time: seconds(startMs),
  };
  const invoked = {
    id: invocationId,
    name: 'Invocation',
    start_time: seconds(startMs),
    end_time: seconds(endMs),
    ...(failed ? { fault: true } : {}),
  };
  return initMs === undefined ? [invoked] : [initialization, invoked];
}

function seconds(epochMs: number): number {
  return Math.round(epochMs * 1_000) / 1_000_000;
}
