import type { InvokeWithResponseStreamCompleteEvent } from '@aws-sdk/client-lambda';
import { lambdaClient } from './clients.ts';
import { type CommandContext, exitCodes, type FlagValues, text } from './command.ts';

/**
 * Invokes a function and prints what it answers as it comes: the bytes themselves, or one line of JSON for each chunk and
 * one for the end. Works for functions that do not stream too: their answer is one chunk.
 */
export async function invokeStreaming(
  values: FlagValues,
  context: CommandContext,
  { name, event }: { readonly name: string; readonly event: Uint8Array },
): Promise<number> {
  const { InvokeWithResponseStreamCommand } = await import('@aws-sdk/client-lambda');
  const client = await lambdaClient(values, context);
  const qualifier = text(values, 'qualifier');
  const { EventStream = [] } = await client.send(
    new InvokeWithResponseStreamCommand({
      FunctionName: name,
      Payload: event,
      LogType: values['tail'] === true ? 'Tail' : 'None',
      ...(qualifier === undefined ? {} : { Qualifier: qualifier }),
    }),
    { abortSignal: context.signal },
  );
  // The signal given to `send` counts until the answer begins.
  context.signal.addEventListener('abort', () => client.destroy(), { once: true });
  const printer = new ChunkPrinter(context);
  for await (const { PayloadChunk, InvokeComplete } of EventStream) {
    if (PayloadChunk?.Payload) printer.chunk(PayloadChunk.Payload);
    if (InvokeComplete) return printer.end(InvokeComplete);
  }
  throw new Error('The connection ended before the stream did.');
}

class ChunkPrinter {
  readonly #output: CommandContext['output'];
  /** A character may lie across two chunks. */
  readonly #decoder = new TextDecoder();
  #endsLine = true;

  constructor({ output }: CommandContext) {
    this.#output = output;
  }

  chunk(bytes: Uint8Array): void {
    if (this.#output.format === 'text' && !this.#output.interactive) {
      this.#output.write(bytes);
      return;
    }
    const part = this.#decoder.decode(bytes, { stream: true });
    if (part === '') return;
    if (this.#output.format === 'json') {
      this.#output.json({ PayloadChunk: part });
      return;
    }
    this.#endsLine = part.endsWith('\n');
    this.#output.write(this.#output.untrusted(part));
  }

  /** The exit code. */
  end({ ErrorCode, ErrorDetails, LogResult }: InvokeWithResponseStreamCompleteEvent): number {
    const log = LogResult ? Buffer.from(LogResult, 'base64').toString() : '';
    const output = this.#output;
    if (output.format === 'json') {
      output.json({
        InvokeComplete: {
          ...(ErrorCode ? { ErrorCode, ErrorDetails } : {}),
          ...(log ? { Log: log } : {}),
        },
      });
    } else {
      if (!this.#endsLine) output.line();
      if (log) output.note(output.untrusted(log.trimEnd()));
      if (ErrorCode) output.note(output.style('red', `Function error: ${output.untrusted(ErrorCode)}`));
      if (ErrorDetails) output.note(output.untrusted(ErrorDetails));
    }
    return ErrorCode ? exitCodes.functionError : exitCodes.ok;
  }
}
