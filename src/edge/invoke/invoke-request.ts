import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import {
  diagnoseJson,
  type OperationModel,
  type ParsedStructure,
  parseRestJson,
  validateInput,
} from '../../aws-protocol/index.ts';
import type { MemberStatus } from '../../api/index.ts';
import { awsError, limits, notImplemented } from '../../model/index.ts';

/** What of Invoke does not take effect yet; CONFORMANCE.md shows it. */
export const invokeMembers = {
  refused: {
    InvocationType: {
      when: (value: unknown) => value === 'Event',
      hint: 'Invoke with RequestResponse.',
    },
    DurableExecutionName: { hint: 'There are no durable functions yet.' },
  },
} as const satisfies MemberStatus;

/** What an Invoke asks for besides function and payload. */
export interface InvokeOptions {
  readonly dryRun: boolean;
  readonly tail: boolean;
  readonly qualifier?: string;
  readonly clientContext?: string;
  readonly tenantId?: string;
}

const INVOKE = { prefix: '/2015-03-31/functions/', suffix: '/invocations' } as const;
const STREAM = { prefix: '/2021-11-15/functions/', suffix: '/response-streaming-invocations' } as const;

/** The function named by an Invoke's path, percent-decoded; undefined for every other path. */
export function invokedFunction(path: string): string | undefined {
  return nameBetween(path, INVOKE);
}

/** The same for an InvokeWithResponseStream. */
export function streamedFunction(path: string): string | undefined {
  return nameBetween(path, STREAM);
}

function nameBetween(path: string, { prefix, suffix }: typeof INVOKE | typeof STREAM): string | undefined {
  if (!path.startsWith(prefix)) return undefined;
  const end = path.endsWith('/') ? path.length - 1 : path.length;
  if (!path.startsWith(suffix, end - suffix.length)) return undefined;
  const name = path.slice(prefix.length, end - suffix.length);
  if (name === '' || name.includes('/')) return undefined;
  return name.includes('%') ? decoded(name) : name;
}

function decoded(name: string): string | undefined {
  try {
    return decodeURIComponent(name);
  } catch {
    return undefined;
  }
}

const plainName = /^[a-zA-Z0-9-_]{1,64}$/;
const plainQualifier = /^[a-zA-Z0-9-_$]{1,128}$/;

/**
 * Reads an Invoke's headers and query without walking the model, as long as everything is plain; what is not is
 * parsed and checked by the model, for AWS's own messages.
 */
export function readInvokeOptions(
  model: OperationModel,
  name: string,
  headers: IncomingHttpHeaders,
  query: string,
): InvokeOptions {
  const type = header(headers, 'x-amz-invocation-type') ?? 'RequestResponse';
  const logType = header(headers, 'x-amz-log-type') ?? 'None';
  const qualifier = query === '' ? undefined : (new URLSearchParams(query).get('Qualifier') ?? undefined);
  const plain =
    plainName.test(name) &&
    (qualifier === undefined || plainQualifier.test(qualifier)) &&
    (type === 'RequestResponse' || type === 'DryRun') &&
    (logType === 'None' || logType === 'Tail');
  if (!plain || hasRareHeader(headers)) checkByModel(model, name, { headers, query });
  if (type === 'Event')
    throw notImplemented('Invoke', 'InvocationType=Event', invokeMembers.refused.InvocationType.hint);
  const clientContext = header(headers, 'x-amz-client-context');
  const tenantId = header(headers, 'x-amz-tenant-id');
  return {
    dryRun: type === 'DryRun',
    tail: logType === 'Tail',
    ...(qualifier !== undefined && { qualifier }),
    ...(clientContext !== undefined && { clientContext: decodeClientContext(clientContext) }),
    ...(tenantId !== undefined && { tenantId }),
  };
}

function hasRareHeader(headers: IncomingHttpHeaders): boolean {
  return headers['x-amz-tenant-id'] !== undefined || headers['x-amz-durable-execution-name'] !== undefined;
}

function checkByModel(
  model: OperationModel,
  name: string,
  { headers, query }: { readonly headers: IncomingHttpHeaders; readonly query: string },
): void {
  const input: ParsedStructure = parseRestJson(
    model,
    { method: 'POST', path: '', query, headers: flatHeaders(headers), body: Buffer.alloc(0) },
    { labels: { FunctionName: name }, query: new URLSearchParams(query) },
  );
  validateInput('lambda', model, input);
  if (input['DurableExecutionName'] !== undefined) {
    const { hint } = invokeMembers.refused.DurableExecutionName;
    throw notImplemented(model.name, 'DurableExecutionName', hint);
  }
}

/** Repeated headers joined, as HTTP allows; `set-cookie` is Node's only list. */
export function flatHeaders(headers: IncomingHttpHeaders): Readonly<Record<string, string | undefined>> {
  return headers as Readonly<Record<string, string | undefined>>;
}

function header(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

function decodeClientContext(text: string): string {
  if (text.length > limits.clientContextBytes) {
    throw awsError(
      'InvalidRequestContentException',
      `Client context must be no more than ${limits.clientContextBytes} bytes when Base64-encoded.`,
    );
  }
  const context = Buffer.from(text, 'base64').toString('utf8');
  if (!isJsonObject(context)) {
    throw awsError(
      'InvalidRequestContentException',
      'Client context must be a valid Base64-encoded JSON object.',
    );
  }
  return context;
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** Refuses a payload that is not JSON, in the words of the parser behind AWS; an empty one is `{}`. */
export function checkPayload(payload: Buffer): void {
  if (payload.length === 0 || isJson(payload)) return;
  throw awsError(
    'InvalidRequestContentException',
    `Could not parse request body into json: Could not parse payload into json: ${diagnoseJson(payload)}`,
  );
}

function isJson(payload: Buffer): boolean {
  if (!isUtf8(payload)) return false;
  try {
    JSON.parse(payload.toString('utf8'));
    return true;
  } catch {
    return false;
  }
}
