import { expect, onTestFinished, test } from 'vitest';
import { caller, openFixture, scope, someRuntimes, zipOf } from '../../tests/support/open-functions.ts';

const key = { ...scope, name: 'hello' };
const zip = (text: string) => ({ kind: 'zip' as const, bytes: zipOf({ 'app.py': text }) });

test('a function that is being made can be neither changed, published nor invoked until it is active', async () => {
  const gate = Promise.withResolvers<void>();
  let asked = 0;
  const fixture = await openFixture({
    runtimes: {
      // The first question is the creation's own; the second, before the function becomes active, waits.
      async describe(identifier) {
        if (++asked === 2) await gate.promise;
        return someRuntimes.describe(identifier);
      },
    },
  });
  onTestFinished(() => fixture.close());
  const { functions, versions, lookup } = fixture.module;
  const role = 'arn:aws:iam::000000000000:role/r';
  const made = await functions.create(key, {
    configuration: { runtime: 'python3.12', handler: 'app.handler', roleArn: role },
    architecture: 'x86_64',
    code: zip('one'),
    layerArns: [],
    tags: {},
    publish: false,
    caller,
  });
  expect(made.state).toBe('Pending');
  const calls = [
    async () => functions.updateCode(key, { code: zip('two'), publish: false, dryRun: false }),
    async () => functions.updateConfiguration(key, { change: {}, caller }),
    async () => versions.publish(key, {}),
    async () => lookup.resolve(key),
  ];
  for (const call of calls) {
    await expect(call()).rejects.toMatchObject({
      code: 'ResourceConflictException',
      status: 409,
      message:
        'The operation cannot be performed at this time. The function is currently in the following state: Pending',
    });
  }
  gate.resolve();
  await fixture.module.settled();
  expect((await lookup.resolve(key)).version.state).toBe('Active');
  expect((await versions.publish(key, {})).version).toBe('1');
});
