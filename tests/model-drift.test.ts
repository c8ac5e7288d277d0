import * as sdk from '@aws-sdk/client-lambda';
import { expect, test } from 'vitest';
import { loadServiceModel } from '../src/aws-protocol/index.ts';

/** The SDK exports each operation's schema as `[9, namespace, name, traits, input, output]`. */
function sdkOperations(): readonly { name: string; http: readonly [string, string, number] }[] {
  return Object.values(sdk as Record<string, unknown>).flatMap((value) =>
    Array.isArray(value) && value[0] === 9
      ? [{ name: value[2] as string, http: (value[3] as never)['http'] }]
      : [],
  );
}

test('every operation of the installed Lambda SDK is in the model, with its method, path and status', () => {
  const model = loadServiceModel('lambda');
  const drifted = sdkOperations().filter(({ name, http: [method, uri, status] }) => {
    const operation = model.operation(name);
    return operation?.method !== method || operation.uri !== uri || operation.status !== status;
  });
  expect(drifted).toEqual([]);
  expect(sdkOperations().length).toBeGreaterThanOrEqual(88);
});

test('the operations that are newer than the public model are there', () => {
  const model = loadServiceModel('lambda');
  for (const name of ['PutResourcePolicy', 'GetResourcePolicy', 'DeleteResourcePolicy']) {
    expect(model.operation(name)?.uri).toBe('/2026-07-09/resource-policy/{ResourceArn}');
  }
});
