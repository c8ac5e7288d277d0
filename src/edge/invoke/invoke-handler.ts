import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { PhaseTimes } from '../../base/index.ts';
import type { Identity, OperationModel } from '../../aws-protocol/index.ts';
import type { FunctionLookup } from '../../functions/index.ts';
import {
  type InvocationOutcome,
  type InvocationRequest,
  type Invoker,
  requireTenant,
} from '../../invoke/index.ts';
import { functionArn, resolveFunctionName, type Scope } from '../../model/index.ts';
import type { EventStreamAnswer } from './event-stream-answer.ts';
import { checkPayload, type InvokeOptions, readInvokeOptions } from './invoke-request.ts';
import { PHASES_HEADER, renderPhases } from './phases-header.ts';

/** Whether another account may use a function; throws (or rejects with) AccessDeniedException. */
export interface InvokeAccess {
  require(caller: Identity, action: string, resourceArn: string): void | Promise<void>;
}

export interface InvokeNeeds {
  readonly invoker: Invoker;
  readonly lookup: FunctionLookup;
  readonly access: InvokeAccess;
  /** Of the operation, for what is not plain. */
  readonly model: OperationModel;
}

export interface InvokeCall {
  readonly functionName: string;
  readonly query: string;
  readonly scope: Scope;
  readonly identity: Identity;
  readonly requestId: string;
  readonly headers: IncomingHttpHeaders;
  /** Where they were asked for. */
  readonly phases?: PhaseTimes | undefined;
}

export interface InvokeExchange {
  readonly response: ServerResponse;
  readonly call: InvokeCall;
  readonly payload: Buffer;
  /** Of `InvokeWithResponseStream`. */
  readonly answer?: EventStreamAnswer;
}

/** An Invoke that was read and found right, as far as that can be told without its function. */
export interface ReadInvoke {
  readonly options: InvokeOptions;
  readonly invocation: InvocationRequest;
}

/** Runs an Invoke and writes its answer. Rejects with an `AwsError` when it was refused or the function did not run. */
export async function performInvoke(needs: InvokeNeeds, exchange: InvokeExchange): Promise<void> {
  const { response, call, payload, answer } = exchange;
  const { options, invocation } = readInvoke(needs.model, call, payload);
  const { address } = invocation;
  if (address.account !== call.identity.account) {
    const arn = functionArn(address, address.name, address.qualifier);
    await needs.access.require(call.identity, 'lambda:InvokeFunction', arn);
  }
  checkPayload(payload);
  if (options.dryRun) {
    requireTenant((await needs.lookup.resolve(address)).version, options.tenantId);
    response.writeHead(204, ['x-amzn-RequestId', call.requestId]).end();
    return;
  }
  if (answer) answer.complete(await needs.invoker.invoke({ ...invocation, responseStream: answer }));
  else writeOutcome(response, await needs.invoker.invoke(invocation), call);
}

/** Throws an `AwsError` in AWS's words. What the payload says is not looked at. */
export function readInvoke(model: OperationModel, call: InvokeCall, payload: Buffer): ReadInvoke {
  const { headers } = call;
  const options = readInvokeOptions(model, call.functionName, headers, call.query);
  const traceHeader = headers['x-amzn-trace-id'];
  const invocation = {
    address: resolveFunctionName(call.scope, call.functionName, options.qualifier),
    requestId: call.requestId,
    payload,
    tail: options.tail,
    clientContext: options.clientContext,
    tenantId: options.tenantId,
    traceHeader: typeof traceHeader === 'string' ? traceHeader : undefined,
    phases: call.phases,
  };
  return { options, invocation };
}

/**
 * A small payload goes out as a string of the same bytes: Node joins that with the head into one `write`, where a
 * buffer of its own costs a `writev`, the dearest thing on this path.
 */
const ONE_WRITE_BYTES = 16_384;

function writeOutcome(
  response: ServerResponse,
  outcome: InvocationOutcome,
  { requestId, phases }: InvokeCall,
): void {
  if (response.destroyed) return;
  const { payload } = outcome;
  const fields = outcomeFields(outcome, requestId);
  if (phases) {
    phases.end('answer');
    fields.push(PHASES_HEADER, renderPhases(phases));
  }
  response.writeHead(200, fields);
  if (payload.length > ONE_WRITE_BYTES) response.end(payload);
  else response.end(asBuffer(payload).toString('latin1'), 'latin1');
}

/** Names and values in turn: a flat list of headers is what Node writes with the least work. */
export function outcomeFields(outcome: InvocationOutcome, requestId: string): string[] {
  const { payload, functionError, logTail } = outcome;
  const fields = [
    'Content-Type',
    outcome.contentType ?? 'application/json',
    'Content-Length',
    String(payload.length),
    'x-amzn-RequestId',
    requestId,
    'X-Amz-Executed-Version',
    outcome.executedVersion,
  ];
  if (functionError !== undefined) fields.push('X-Amz-Function-Error', functionError);
  if (logTail !== undefined) fields.push('X-Amz-Log-Result', logTail.toString('base64'));
  return fields;
}

export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
