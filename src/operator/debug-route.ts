import { ReadableStream } from 'node:stream/web';
import type { Ids, Log } from '../base/index.ts';
import type { ControlAnswer, ControlRequest, ControlRoute } from '../edge/index.ts';
import type { DebugEvent, DebugInvoker, DebugRequest } from '../invoke/index.ts';
import { AwsError, resolveFunctionName } from '../model/index.ts';

export interface DebugParts {
  readonly debugInvoker: DebugInvoker;
  readonly ids: Ids;
  readonly log: Log;
}

/** One line of the answer of `POST /_hearth/debug-invocations`. */
export type DebugLine =
  | DebugEvent
  | {
      readonly kind: 'answered';
      /** Base64, as are the last 4 KB of the log. */
      readonly payload: string;
      readonly log: string;
      readonly functionError?: string;
      readonly executedVersion: string;
    }
  /** The function did not run, or not to its end. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

/**
 * Invokes one function under a debugger. AWS has no such operation, so it is the operator's: the answer is a line of JSON
 * for each thing that happens, and ends with the outcome. Whoever hangs up ends the invocation.
 */
export function debugRoute(parts: DebugParts): ControlRoute {
  return {
    method: 'POST',
    path: '/debug-invocations',
    handle: (request) => startDebugging(parts, request),
  };
}

function startDebugging(parts: DebugParts, { body, signal }: ControlRequest): ControlAnswer {
  const request = readRequest(body, parts.ids);
  if (!request) return { status: 400, body: { message: 'account, region and functionName are needed.' } };
  const lines = new ReadableStream<DebugLine>({
    start: (controller) => {
      const say = (line: DebugLine) => controller.enqueue(line);
      void runDebugged(parts, request, { say, signal }).then((last) => {
        controller.enqueue(last);
        controller.close();
      });
    },
  });
  return { status: 200, lines };
}

interface Listener {
  readonly say: (line: DebugLine) => void;
  readonly signal: AbortSignal;
}

/** Never rejects: what went wrong is the last line. */
async function runDebugged(
  { debugInvoker, log }: DebugParts,
  request: DebugRequest,
  { say, signal }: Listener,
): Promise<DebugLine> {
  try {
    const outcome = await debugInvoker.invoke(request, say, signal);
    const { payload, logTail, functionError, executedVersion } = outcome;
    return {
      kind: 'answered',
      payload: Buffer.from(payload).toString('base64'),
      log: (logTail ?? Buffer.alloc(0)).toString('base64'),
      executedVersion,
      ...(functionError === undefined ? {} : { functionError }),
    };
  } catch (error) {
    if (error instanceof AwsError) return { kind: 'failed', code: error.code, message: error.message };
    if (!signal.aborted) log.error({ err: error }, 'a debugging session failed');
    return { kind: 'failed', code: 'ServiceException', message: 'The debugging session failed.' };
  }
}

function readRequest(body: unknown, ids: Ids): DebugRequest | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const text = (name: string): string | undefined => {
    const value: unknown = Reflect.get(body, name);
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const [account, region, functionName] = [text('account'), text('region'), text('functionName')];
  if (account === undefined || region === undefined || functionName === undefined) return undefined;
  const [clientContext, tenantId] = [text('clientContext'), text('tenantId')];
  const debugPort: unknown = Reflect.get(body, 'port');
  return {
    address: resolveFunctionName({ account, region }, functionName, text('qualifier')),
    requestId: ids.uuid(),
    payload: Buffer.from(text('payload') ?? '', 'base64'),
    tail: true,
    ...(clientContext === undefined ? {} : { clientContext }),
    ...(tenantId === undefined ? {} : { tenantId }),
    ...(isPort(debugPort) ? { debugPort } : {}),
  };
}

function isPort(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 65_535;
}
