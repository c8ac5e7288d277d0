import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Identity, OperationModel } from '../../aws-protocol/index.ts';
import type { FunctionLookup } from '../../functions/index.ts';
import type { InvocationOutcome, Invoker } from '../../invoke/index.ts';
import { functionArn, resolveFunctionName, type Scope } from '../../model/index.ts';
import { checkPayload, readInvokeOptions } from './invoke-request.ts';

/** Whether another account may use a function; throws (or rejects with) AccessDeniedException. */
export interface InvokeAccess {
  require(caller: Identity, action: string, resourceArn: string): void | Promise<void>;
}

export interface InvokeNeeds {
  readonly invoker: Invoker;
  readonly lookup: FunctionLookup;
  readonly access: InvokeAccess;
  /** Of Lambda's `Invoke`, for what is not plain. */
  readonly model: OperationModel;
}

export interface InvokeCall {
  readonly functionName: string;
  readonly query: string;
  readonly scope: Scope;
  readonly identity: Identity;
  readonly requestId: string;
}

export interface InvokeExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly call: InvokeCall;
  readonly payload: Buffer;
}

/** Runs an Invoke and writes its answer. Rejects with an `AwsError` when it was refused or the function did not run. */
export async function performInvoke(needs: InvokeNeeds, exchange: InvokeExchange): Promise<void> {
  const { request, response, call, payload } = exchange;
  const options = readInvokeOptions(needs.model, call.functionName, request.headers, call.query);
  const address = resolveFunctionName(call.scope, call.functionName, options.qualifier);
  if (address.account !== call.identity.account) {
    const arn = functionArn(address, address.name, address.qualifier);
    await needs.access.require(call.identity, 'lambda:InvokeFunction', arn);
  }
  checkPayload(payload);
  if (options.dryRun) {
    await needs.lookup.resolve(address);
    response.writeHead(204, ['x-amzn-RequestId', call.requestId]).end();
    return;
  }
  const contentType = request.headers['content-type'];
  const traceHeader = request.headers['x-amzn-trace-id'];
  const outcome = await needs.invoker.invoke({
    address,
    requestId: call.requestId,
    payload,
    tail: options.tail,
    ...(contentType !== undefined && { contentType }),
    ...(options.clientContext !== undefined && { clientContext: options.clientContext }),
    ...(typeof traceHeader === 'string' && { traceHeader }),
  });
  writeOutcome(response, outcome, call.requestId);
}

/**
 * A small payload goes out as a string of the same bytes: Node joins that with the head into one `write`, where a
 * buffer of its own costs a `writev`, the dearest thing on this path.
 */
const ONE_WRITE_BYTES = 16_384;

/** A flat list of headers is what Node writes with the least work. */
function writeOutcome(response: ServerResponse, outcome: InvocationOutcome, requestId: string): void {
  if (response.destroyed) return;
  const { payload, functionError, logTail } = outcome;
  const headers = [
    'Content-Type',
    outcome.contentType ?? 'application/json',
    'Content-Length',
    String(payload.length),
    'x-amzn-RequestId',
    requestId,
    'X-Amz-Executed-Version',
    outcome.executedVersion,
  ];
  if (functionError !== undefined) headers.push('X-Amz-Function-Error', functionError);
  if (logTail !== undefined) headers.push('X-Amz-Log-Result', logTail.toString('base64'));
  response.writeHead(200, headers);
  if (payload.length > ONE_WRITE_BYTES) response.end(payload);
  else response.end(asBuffer(payload).toString('latin1'), 'latin1');
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
