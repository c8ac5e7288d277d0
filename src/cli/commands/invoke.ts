import { readFileSync } from 'node:fs';
import { endpointFlags, lambdaClient } from '../clients.ts';
import { invokeStreaming } from '../stream.ts';
import { inspectFlags, type InvokeAnswer, invokeUnderDebugger, wantsInspector } from '../inspect.ts';
import { type Phase, printWaterfall, traceInvocations } from '../invocation-trace.ts';
import { type Command, type CommandContext, exitCodes, text, UsageError } from '../command.ts';

export const invoke: Command = {
  name: 'invoke',
  summary: 'Invoke a function and print what it answers',
  args: '<function>',
  flags: [
    { flags: '--event <event>', description: 'a file, - for standard input, or JSON', default: '{}' },
    { flags: '--qualifier <qualifier>', description: 'a version or an alias' },
    { flags: '--tenant-id <id>', description: 'the tenant, for a function with tenant isolation' },
    { flags: '--tail', description: 'print the log of this invocation, REPORT line included' },
    { flags: '--stream', description: 'print the answer while the function writes it' },
    { flags: '--trace', description: 'print how long each phase of the invocation took (Hearth only)' },
    ...inspectFlags,
    ...endpointFlags,
  ],
  examples: [
    `hearth invoke hello --event '{"name":"Ada"}' --tail`,
    'hearth invoke hello --event events/order.json --qualifier live',
    'generate | hearth invoke hello --event -',
    'hearth invoke chat --stream',
    'hearth invoke hello --trace',
    'hearth invoke hello --inspect',
  ],
  async run(values, [name = ''], context) {
    if (wantsInspector(values)) {
      if (values['stream'] === true) throw new UsageError('--stream does not go with --inspect');
      const answer = await invokeUnderDebugger(values, context, {
        name,
        event: readEvent(text(values, 'event') ?? '{}'),
      });
      print(context, answer);
      return answer.error ? exitCodes.functionError : exitCodes.ok;
    }
    if (values['stream'] === true) {
      const event = readEvent(text(values, 'event') ?? '{}');
      return await invokeStreaming(values, context, { name, event });
    }
    const { InvokeCommand } = await import('@aws-sdk/client-lambda');
    const client = await lambdaClient(values, context);
    const trace = values['trace'] === true ? traceInvocations(client) : undefined;
    const [qualifier, tenantId] = [text(values, 'qualifier'), text(values, 'tenant-id')];
    const answer = await client.send(
      new InvokeCommand({
        FunctionName: name,
        Payload: readEvent(text(values, 'event') ?? '{}'),
        LogType: values['tail'] === true ? 'Tail' : 'None',
        ...(qualifier === undefined ? {} : { Qualifier: qualifier }),
        ...(tenantId === undefined ? {} : { TenantId: tenantId }),
      }),
      { abortSignal: context.signal },
    );
    const log = answer.LogResult ? Buffer.from(answer.LogResult, 'base64').toString() : '';
    print(context, {
      payload: answer.Payload?.transformToString() ?? '',
      log,
      ...(trace ? { trace: trace.phases() } : {}),
      ...(answer.FunctionError ? { error: answer.FunctionError } : {}),
    });
    return answer.FunctionError ? exitCodes.functionError : exitCodes.ok;
  },
};

interface TracedAnswer extends InvokeAnswer {
  readonly trace?: readonly Phase[];
}

function print({ output }: CommandContext, { payload, log, trace, error }: TracedAnswer): void {
  if (output.format === 'json') {
    output.json({
      Payload: payload,
      ...(log ? { Log: log } : {}),
      ...(trace ? { Phases: trace } : {}),
      ...(error ? { FunctionError: error } : {}),
    });
    return;
  }
  if (log) output.note(output.untrusted(log.trimEnd()));
  if (trace) printWaterfall(trace, output);
  if (error) output.note(output.style('red', `Function error: ${error}`));
  output.line(output.interactive ? output.untrusted(pretty(payload)) : payload);
}

function pretty(payload: string): string {
  try {
    return JSON.stringify(JSON.parse(payload), null, 2);
  } catch {
    return payload;
  }
}

/** The event's bytes, from a file, from standard input or as given; checked here, so that the error can say where it came from. */
function readEvent(event: string): Uint8Array {
  if (event === '-') return readFileSync(0);
  try {
    JSON.parse(event);
    return Buffer.from(event);
  } catch {
    try {
      return readFileSync(event);
    } catch (error) {
      throw new UsageError(`--event '${event}' is neither JSON nor a file that can be read`, {
        cause: error,
      });
    }
  }
}
