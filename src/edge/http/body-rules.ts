import { awsError, limits } from '../../model/index.ts';
import type { BodyRule } from './body-collector.ts';

const codeOperations: ReadonlySet<string> = new Set([
  'CreateFunction',
  'UpdateFunctionCode',
  'PublishLayerVersion',
]);

/** How large an operation's request may be: those that bring code 70,167,211 bytes, all others as much as an Invoke. */
export function bodyRule(operation: string | undefined): BodyRule {
  const maxBytes = codeOperations.has(operation ?? '') ? limits.codeRequestBytes : limits.syncRequestBytes;
  return {
    maxBytes,
    tooLarge: () =>
      awsError(
        'RequestEntityTooLargeException',
        `Request must be smaller than ${maxBytes} bytes for the ${operation ?? 'requested'} operation`,
      ),
  };
}

export const invokeBodyRule: BodyRule = {
  maxBytes: limits.syncRequestBytes,
  tooLarge: (bytes) =>
    awsError(
      'RequestEntityTooLargeException',
      `${bytes} byte payload is too large for the RequestResponse invocation type (limit ${limits.syncRequestBytes} bytes)`,
    ),
};
