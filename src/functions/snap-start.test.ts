import { expect, onTestFinished, test } from 'vitest';
import {
  caller,
  type FunctionsFixture,
  openFixture,
  scope,
  zipOf,
} from '../../tests/support/open-functions.ts';
import type { FunctionVersion, StateReason } from '../model/index.ts';
import type { NewFunction } from './creation.ts';
import type { VersionSnapshots } from './snap-start.ts';

const key = { ...scope, name: 'hello' };

/** Takes snapshots as told, in order, and knows which there are. */
class ListedSnapshots implements VersionSnapshots {
  readonly taken: string[] = [];
  readonly discarded: string[] = [];
  next: (version: FunctionVersion) => Promise<StateReason | undefined> = async () => undefined;

  async take(version: FunctionVersion): Promise<StateReason | undefined> {
    this.taken.push(version.version);
    return this.next(version);
  }

  async discard(deploymentId: string): Promise<void> {
    this.discarded.push(deploymentId);
  }
}

interface Settings {
  readonly runtime?: string;
  readonly ephemeralStorageMiB?: number;
  readonly publish?: boolean;
}

function newFunction({ publish = false, ...more }: Settings = {}): NewFunction {
  return {
    configuration: {
      runtime: 'python3.12',
      handler: 'app.handler',
      roleArn: 'arn:aws:iam::000000000000:role/r',
      snapStart: true,
      ...more,
    },
    architecture: 'x86_64',
    code: { kind: 'zip', bytes: zipOf({ 'app.py': 'one' }) },
    layerArns: [],
    tags: {},
    publish,
    caller,
  };
}

async function open(
  settings: Settings = {},
  snapshots: VersionSnapshots = new ListedSnapshots(),
): Promise<FunctionsFixture> {
  const fixture = await openFixture({ snapshots });
  onTestFinished(() => fixture.close());
  await fixture.module.functions.create(key, newFunction(settings));
  await fixture.module.settled();
  return fixture;
}

const get = async ({ module }: FunctionsFixture, qualifier = '1'): Promise<FunctionVersion> =>
  (await module.functions.get(key, qualifier)).version;

test('a version is pending while its snapshot is taken; $LATEST has none', async () => {
  const snapshots = new ListedSnapshots();
  const gate = Promise.withResolvers<undefined>();
  const fixture = await open({}, snapshots);
  const { versions, lookup } = fixture.module;
  expect(snapshots.taken).toEqual([]);
  expect((await lookup.resolve(key)).version.snapStart).toBe(true);
  snapshots.next = () => gate.promise;
  expect(await versions.publish(key, {})).toMatchObject({ version: '1', state: 'Pending' });
  await expect((async () => lookup.resolve({ ...key, qualifier: '1' }))()).rejects.toMatchObject({
    code: 'SnapStartNotReadyException',
    status: 409,
  });
  gate.resolve(undefined);
  await fixture.module.settled();
  expect((await lookup.resolve({ ...key, qualifier: '1' })).version).toMatchObject({ state: 'Active' });
  expect(snapshots.taken).toEqual(['1']);
  expect(await versions.publish(key, {})).toMatchObject({ version: '1', state: 'Active' });
});

test('a snapshot that fails fails its version, with the reason', async () => {
  const snapshots = new ListedSnapshots();
  const stateReason = { reason: 'Init did not end in time.', reasonCode: 'FunctionError.InitTimeout' };
  snapshots.next = async () => stateReason;
  const fixture = await open({ publish: true }, snapshots);
  expect(await get(fixture)).toMatchObject({ state: 'Failed', stateReason });
  expect(await get(fixture, '$LATEST')).toMatchObject({ state: 'Active' });
});

test('a snapshot that a stop of the server interrupts is taken at the next start', async () => {
  const snapshots = new ListedSnapshots();
  snapshots.next = () => Promise.reject(new Error('the server is stopping'));
  const fixture = await open({ publish: true }, snapshots);
  expect(await get(fixture)).toMatchObject({ state: 'Pending' });
  snapshots.next = async () => undefined;
  const reopened = await fixture.reopen();
  onTestFinished(() => reopened.close());
  await reopened.module.settled();
  expect(await get(reopened)).toMatchObject({ state: 'Active' });
  expect(snapshots.taken).toEqual(['1', '1']);
});

test('a version that is deleted while its snapshot is taken leaves none', async () => {
  const snapshots = new ListedSnapshots();
  const gate = Promise.withResolvers<undefined>();
  const fixture = await open({}, snapshots);
  snapshots.next = () => gate.promise;
  const { deploymentId } = await fixture.module.versions.publish(key, {});
  await fixture.module.functions.deleteVersion(key, '1');
  gate.resolve(undefined);
  await fixture.module.settled();
  expect(snapshots.discarded).toEqual([deploymentId]);
});

test('a version that nobody used is inactive; an invocation has its snapshot taken again', async () => {
  const snapshots = new ListedSnapshots();
  const fixture = await open({ publish: true }, snapshots);
  const { module } = fixture;
  const resolve = async () => module.lookup.resolve({ ...key, qualifier: '1' });
  await module.deactivate((await resolve()).version);
  expect(await get(fixture)).toMatchObject({ state: 'Inactive', stateReason: { reasonCode: 'Idle' } });
  const gate = Promise.withResolvers<undefined>();
  snapshots.next = () => gate.promise;
  await expect(resolve()).rejects.toMatchObject({ code: 'SnapStartNotReadyException' });
  await expect(resolve()).rejects.toMatchObject({ code: 'SnapStartNotReadyException' });
  gate.resolve(undefined);
  await module.settled();
  expect((await resolve()).version).toMatchObject({ state: 'Active' });
  expect(snapshots.taken).toEqual(['1', '1']);
});

test.each([
  [{ runtime: 'python3.11' }, 'InvalidParameterValueException', 'python3.11 is not supported for SnapStart'],
  [{ runtime: 'nodejs24.x' }, 'InvalidParameterValueException', 'nodejs24.x is not supported for SnapStart'],
  [{ runtime: 'java8.al2' }, 'InvalidParameterValueException', 'java8.al2 is not supported for SnapStart'],
  [{ runtime: 'java21' }, 'NotImplemented', 'CreateFunction: SnapStart.ApplyOn. It forks the process'],
  [{ runtime: 'dotnet8' }, 'NotImplemented', 'CreateFunction: SnapStart.ApplyOn. It forks the process'],
  [{ ephemeralStorageMiB: 513 }, 'InvalidParameterValueException', 'greater than 512 MB'],
])('it does not go with %j', async (settings, code, message) => {
  await expect(open(settings)).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
});

test('it does not go with tenants of their own', async () => {
  const fixture = await openFixture({ snapshots: new ListedSnapshots() });
  onTestFinished(() => fixture.close());
  const made = fixture.module.functions.create(key, { ...newFunction(), tenantIsolation: 'PER_TENANT' });
  await expect(made).rejects.toMatchObject({
    code: 'InvalidParameterValueException',
    message: 'SnapStart is not supported for functions with tenant isolation.',
  });
});

test('it is refused where nothing can be forked', async () => {
  const snapshots = Object.assign(new ListedSnapshots(), { unavailable: 'Nothing forks here.' });
  await expect(open({}, snapshots)).rejects.toMatchObject({
    code: 'NotImplemented',
    message: 'Hearth does not implement CreateFunction: SnapStart.ApplyOn. Nothing forks here.',
  });
});
