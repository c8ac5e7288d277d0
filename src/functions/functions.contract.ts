import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { deferred } from '../base/index.ts';
import type { FunctionVersion } from '../model/index.ts';
import {
  caller,
  type FunctionsFixture,
  openFixture,
  scope,
  someRuntimes,
  zipOf,
} from '../../tests/support/open-functions.ts';
import type { DatabaseLocation } from '../store/index.ts';
import type { NewFunction } from './creation.ts';

/**
 * What functions, versions, aliases and layers do, over any database. `locate` gives an empty one each time; nothing where
 * the fixture's own SQLite file will do.
 */
export function functionsContract(name: string, locate: () => Promise<DatabaseLocation | undefined>): void {
  describe(name, () => {
    let fixture: FunctionsFixture;

    type Options = Parameters<typeof openFixture>[0];

    async function open(options: Options = {}): Promise<FunctionsFixture> {
      const location = await locate();
      return openFixture({ ...options, ...(location && { location }) });
    }

    beforeEach(async () => {
      fixture = await open();
    });

    afterEach(() => fixture.close());

    const hello = { ...scope, name: 'hello' };

    function newFunction(change: Partial<NewFunction> = {}): NewFunction {
      return {
        configuration: {
          runtime: 'python3.12',
          handler: 'app.handler',
          roleArn: 'arn:aws:iam::000000000000:role/r',
        },
        architecture: 'x86_64',
        code: { kind: 'zip', bytes: zipOf({ 'app.py': 'one' }) },
        layerArns: [],
        tags: {},
        publish: false,
        caller,
        ...change,
      };
    }

    async function created(change?: Partial<NewFunction>): Promise<FunctionVersion> {
      await fixture.module.functions.create(hello, newFunction(change));
      await fixture.module.settled();
      return (await fixture.module.functions.get(hello)).version;
    }

    const codeUpdate = (text: string, change: object = {}) =>
      ({
        code: { kind: 'zip', bytes: zipOf({ 'app.py': text }) },
        publish: false,
        dryRun: false,
        ...change,
      }) as const;

    async function source(qualifier?: string): Promise<string> {
      const { lookup } = fixture.module;
      const target = await lookup.resolve({ ...hello, ...(qualifier === undefined ? {} : { qualifier }) });
      const { task } = await lookup.directories(target.version);
      return readFileSync(join(task, 'app.py'), 'utf8');
    }

    describe('creating', () => {
      test('a function is pending until it can run, then active under another revision', async () => {
        const answered = await fixture.module.functions.create(hello, newFunction());
        expect(answered).toMatchObject({
          version: '$LATEST',
          state: 'Pending',
          stateReason: { reason: 'The function is being created.', reasonCode: 'Creating' },
          memoryMiB: 128,
          timeoutMs: 3_000,
          ephemeralStorageMiB: 512,
          logging: { format: 'Text', logGroup: '/aws/lambda/hello' },
        });
        expect(answered.lastUpdateStatus).toBeUndefined();
        await fixture.module.settled();
        const { version } = await fixture.module.functions.get(hello);
        expect(version).toMatchObject({ state: 'Active', lastUpdateStatus: 'Successful' });
        expect(version.stateReason).toBeUndefined();
        expect(version.revisionId).not.toBe(answered.revisionId);
        expect(await source()).toBe('one');
      });

      test('a name that is taken is refused', async () => {
        await created();
        await expect(created()).rejects.toMatchObject({
          code: 'ResourceConflictException',
          message: 'Function already exist: hello',
        });
      });

      test('one of two that create the same function at once loses', async () => {
        const { functions } = fixture.module;
        const results = await Promise.allSettled([1, 2, 3].map(() => functions.create(hello, newFunction())));
        expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      });

      test.each([
        ['nodejs12.x', 'The runtime parameter of nodejs12.x is no longer supported'],
        [
          'cobol',
          "Value cobol at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [",
        ],
        ['ruby3.3', 'hearth runtimes add ruby3.3'],
      ])('runtime %s is refused', async (runtime, message) => {
        const { configuration } = newFunction();
        const refused = created({ configuration: { ...configuration, runtime } });
        await expect(refused).rejects.toMatchObject({
          code: 'InvalidParameterValueException',
          message: expect.stringContaining(message),
        });
      });

      test('a file that is no zip is refused and leaves nothing', async () => {
        const refused = created({ code: { kind: 'zip', bytes: new TextEncoder().encode('no zip') } });
        await expect(refused).rejects.toMatchObject({
          message: 'Could not unzip uploaded file. Please check your file, then try to upload again.',
        });
        await expect(fixture.module.functions.get(hello)).rejects.toMatchObject({
          message: 'Function not found: arn:aws:lambda:us-east-1:000000000000:function:hello',
        });
        expect(readdirSync(join(fixture.folder, 'code/objects'))).toEqual([]);
      });

      test('a function whose runtime vanishes while it is made fails, and says why', async () => {
        await fixture.close();
        let known = true;
        fixture = await open({
          runtimes: {
            describe: async (identifier) => {
              const was = known;
              known = false;
              return was ? someRuntimes.describe(identifier) : undefined;
            },
          },
        });
        const version = await created();
        expect(version).toMatchObject({ state: 'Failed', stateReason: { reasonCode: 'InvalidRuntime' } });
        await expect(source()).rejects.toMatchObject({
          code: 'ResourceConflictException',
          message: expect.stringContaining('currently in the following state: Failed'),
        });
      });

      test('more code than the account may keep is refused', async () => {
        await fixture.close();
        fixture = await open({ totalCodeBytes: 200 });
        await created();
        await expect(fixture.module.versions.publish(hello, {})).rejects.toMatchObject({
          code: 'CodeStorageExceededException',
        });
      });
    });

    describe('updating', () => {
      test('the old code runs until the update is done, then its environments are retired', async () => {
        const before = await created();
        const answered = await fixture.module.functions.updateCode(hello, codeUpdate('two'));
        expect(answered).toMatchObject({
          state: 'Active',
          lastUpdateStatus: 'InProgress',
          lastUpdateReason: { reason: 'The function is being created.', reasonCode: 'Creating' },
        });
        await fixture.module.settled();
        expect(fixture.retired).toEqual([before.deploymentId]);
        expect(await source()).toBe('two');
        const { version } = await fixture.module.functions.get(hello);
        expect(version.lastUpdateStatus).toBe('Successful');
        expect(new Set([before.revisionId, answered.revisionId, version.revisionId]).size).toBe(3);
      });

      test('while an update runs others are refused and the old version serves', async () => {
        await fixture.close();
        const gate = deferred();
        let calls = 0;
        fixture = await open({
          runtimes: {
            describe: async (identifier) => {
              calls += 1;
              if (calls === 3) await gate.promise;
              return someRuntimes.describe(identifier);
            },
          },
        });
        await created();
        await fixture.module.functions.updateCode(hello, codeUpdate('two'));
        await expect(fixture.module.functions.updateCode(hello, codeUpdate('three'))).rejects.toMatchObject({
          code: 'ResourceConflictException',
          message:
            'The operation cannot be performed at this time. An update is in progress for resource: arn:aws:lambda:us-east-1:000000000000:function:hello',
        });
        expect(await source()).toBe('one');
        gate.resolve();
        await fixture.module.settled();
        expect(await source()).toBe('two');
      });

      test('a failed update leaves the old version running and says why', async () => {
        await fixture.close();
        let calls = 0;
        fixture = await open({
          runtimes: {
            describe: async (identifier) => (++calls === 3 ? undefined : someRuntimes.describe(identifier)),
          },
        });
        const before = await created();
        await fixture.module.functions.updateCode(hello, codeUpdate('two'));
        await fixture.module.settled();
        const { version } = await fixture.module.functions.get(hello);
        expect(version).toMatchObject({
          state: 'Active',
          lastUpdateStatus: 'Failed',
          lastUpdateReason: { reasonCode: 'InvalidRuntime' },
          deploymentId: before.deploymentId,
        });
        expect(await source()).toBe('one');
        expect(fixture.retired).toEqual([]);
      });

      test('a stale revision is refused, the current one is not', async () => {
        const { revisionId } = await created();
        const { functions } = fixture.module;
        await expect(
          functions.updateCode(hello, codeUpdate('two', { revisionId: 'stale' })),
        ).rejects.toMatchObject({
          code: 'PreconditionFailedException',
        });
        await functions.updateCode(hello, codeUpdate('two', { revisionId }));
        await fixture.module.settled();
        expect(await source()).toBe('two');
      });

      test('a dry run says what would be and stores nothing', async () => {
        const before = await created();
        const would = await fixture.module.functions.updateCode(hello, codeUpdate('two', { dryRun: true }));
        expect(would.code).not.toEqual(before.code);
        expect((await fixture.module.functions.get(hello)).version).toEqual(before);
      });

      test('configuration changes member by member, the environment as a whole', async () => {
        const { configuration } = newFunction();
        await created({
          configuration: { ...configuration, environment: { A: '1', B: '2' }, memoryMiB: 256 },
        });
        const { functions } = fixture.module;
        await functions.updateConfiguration(hello, {
          change: { environment: { C: '3' }, logging: { format: 'JSON' } },
          caller,
        });
        await fixture.module.settled();
        const { version } = await functions.get(hello);
        expect(version).toMatchObject({
          environment: { C: '3' },
          memoryMiB: 256,
          logging: { format: 'JSON', applicationLevel: 'INFO', systemLevel: 'INFO' },
        });
        expect(version.environment).not.toHaveProperty('A');
      });
    });

    describe('after a stop in the middle', () => {
      test('a create that was answered is finished by the next start', async () => {
        await created();
        await fixture.database.write([
          {
            sql: `UPDATE function_versions SET unfinished = 1,
          body = replace(body, '"state":"Active"', '"state":"Pending"')`,
          },
        ]);
        fixture = await fixture.reopen();
        expect((await fixture.module.functions.get(hello)).version.state).toBe('Active');
        expect(await source()).toBe('one');
      });

      test('an update whose code is gone fails and leaves the old version', async () => {
        await created();
        const row = await fixture.database.query('SELECT body FROM function_versions');
        const old = String(row[0]?.['body']);
        const lost = old.replace(/"sha256Hex":"[0-9a-f]{64}"/, `"sha256Hex":"${'0'.repeat(64)}"`);
        await fixture.database.write([
          {
            sql: 'UPDATE function_versions SET unfinished = 1, body = $1, serving = $2',
            params: [lost, old],
          },
        ]);
        fixture = await fixture.reopen();
        const { version } = await fixture.module.functions.get(hello);
        expect(version).toMatchObject({ state: 'Active', lastUpdateStatus: 'Failed' });
        expect(await source()).toBe('one');
      });
    });

    describe('versions', () => {
      test('publishing freezes code and configuration under the next number', async () => {
        const latest = await created();
        const one = await fixture.module.versions.publish(hello, { description: 'first' });
        expect(one).toMatchObject({
          version: '1',
          description: 'first',
          state: 'Active',
          lastUpdateStatus: 'Successful',
        });
        expect(one.deploymentId).not.toBe(latest.deploymentId);
        expect((await fixture.module.functions.get(hello)).version.revisionId).not.toBe(latest.revisionId);
        await fixture.module.functions.updateCode(hello, codeUpdate('two'));
        await fixture.module.settled();
        expect([await source('1'), await source()]).toEqual(['one', 'two']);
      });

      test('publishing again without a change answers the same version', async () => {
        await created();
        const { versions, functions } = fixture.module;
        const one = await versions.publish(hello, {});
        expect(await versions.publish(hello, { description: 'other' })).toEqual(one);
        await functions.updateConfiguration(hello, { change: { timeoutMs: 9_000 }, caller });
        await fixture.module.settled();
        expect((await versions.publish(hello, {})).version).toBe('2');
        await functions.deleteVersion(hello, '2');
        expect((await versions.publish(hello, {})).version).toBe('3');
      });

      test('publishing with another hash than that of $LATEST is refused', async () => {
        await created();
        await expect(fixture.module.versions.publish(hello, { codeSha256: 'x' })).rejects.toMatchObject({
          code: 'InvalidParameterValueException',
          message: expect.stringMatching(
            /^CodeSHA256 \(x\) is different from current CodeSHA256 in \$LATEST \(/,
          ),
        });
      });

      test('an update that publishes shows the new version pending, then active', async () => {
        await created({ publish: true });
        const answered = await fixture.module.functions.updateCode(
          hello,
          codeUpdate('two', { publish: true }),
        );
        expect(answered).toMatchObject({ version: '2', state: 'Pending' });
        expect(answered.lastUpdateStatus).toBeUndefined();
        await fixture.module.settled();
        expect([await source('1'), await source('2')]).toEqual(['one', 'two']);
        const same = await fixture.module.functions.updateCode(hello, codeUpdate('two', { publish: true }));
        expect(same).toMatchObject({ version: '2', state: 'Active' });
        await fixture.module.settled();
        expect((await fixture.module.versions.publish(hello, {})).version).toBe('2');
      });

      test('$LATEST and a version in use by an alias cannot be deleted; one that is not there can', async () => {
        await created({ publish: true });
        const { functions, aliases } = fixture.module;
        await aliases.create(hello, { name: 'live', version: '1', description: '', routing: [] });
        await expect(functions.deleteVersion(hello, '$LATEST')).rejects.toMatchObject({
          message: '$LATEST version cannot be deleted without deleting the function.',
        });
        await expect(functions.deleteVersion(hello, 'live')).rejects.toMatchObject({
          message: 'Deletion of aliases is not currently supported.',
        });
        await expect(functions.deleteVersion(hello, '1')).rejects.toMatchObject({
          code: 'ResourceConflictException',
        });
        await functions.deleteVersion(hello, '7');
        await aliases.delete(hello, 'live');
        await functions.deleteVersion(hello, '1');
        await expect(functions.get(hello, '1')).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
      });
    });

    describe('aliases', () => {
      test('a weighted alias runs either version by the draw', async () => {
        await fixture.close();
        let draw = 0;
        fixture = await open({ random: () => draw });
        await created({ publish: true });
        await fixture.module.functions.updateCode(hello, codeUpdate('two', { publish: true }));
        await fixture.module.settled();
        await fixture.module.aliases.create(hello, {
          name: 'live',
          version: '1',
          description: '',
          routing: [{ version: '2', weight: 0.25 }],
        });
        const chosen = async (at: number): Promise<string> => {
          draw = at;
          return (await fixture.module.lookup.resolve({ ...hello, qualifier: 'live' })).version.version;
        };
        expect([await chosen(0), await chosen(0.24), await chosen(0.25), await chosen(0.99)]).toEqual([
          '2',
          '2',
          '1',
          '1',
        ]);
        const target = fixture.module.lookup.resolve({ ...hello, qualifier: 'live' });
        expect(target).toMatchObject({
          alias: 'live',
          invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:hello:live',
        });
      });

      test('an update moves the next lookup, without a restart', async () => {
        await created({ publish: true });
        const { aliases } = fixture.module;
        await aliases.create(hello, { name: 'live', version: '1', description: '', routing: [] });
        expect(await source('live')).toBe('one');
        await fixture.module.functions.updateCode(hello, codeUpdate('two', { publish: true }));
        await fixture.module.settled();
        const moved = await aliases.update(hello, 'live', { version: '2' });
        expect(await source('live')).toBe('two');
        await expect(aliases.update(hello, 'live', { revisionId: 'stale' })).rejects.toMatchObject({
          code: 'PreconditionFailedException',
        });
        expect((await aliases.get(hello, 'live')).revisionId).toBe(moved.revisionId);
      });
    });

    describe('layers', () => {
      const shared = { ...scope, name: 'shared' };
      const arn = (version: number): string =>
        `arn:aws:lambda:us-east-1:000000000000:layer:shared:${version}`;
      const publish = (text: string) =>
        fixture.module.layers.publish(shared, { zip: zipOf({ 'python/shared.py': text }), description: '' });

      test('a deleted version that is in use stays usable; its number is not used again', async () => {
        await publish('first');
        await created({ layerArns: [arn(1)] });
        await fixture.module.layers.delete(shared, 1);
        fixture = await fixture.reopen();
        const { version } = await fixture.module.lookup.resolve(hello);
        const { opt } = await fixture.module.lookup.directories(version);
        expect(readFileSync(join(opt ?? '', 'python/shared.py'), 'utf8')).toBe('first');
        await expect(fixture.module.layers.get(shared, 1, caller)).rejects.toMatchObject({
          message: 'The resource you requested does not exist.',
        });
        expect((await publish('second')).version).toBe(2);
        await fixture.module.functions.updateConfiguration(hello, { change: { memoryMiB: 256 }, caller });
        await expect(
          fixture.module.functions.create({ ...scope, name: 'other' }, newFunction({ layerArns: [arn(1)] })),
        ).rejects.toMatchObject({ message: `Layer version ${arn(1)} does not exist.` });
      });

      test.each([
        [['us-west-2:000000000000:layer:shared:1'], 'Layers are expected to be in region us-east-1.'],
        [
          ['us-east-1:000000000000:layer:shared:1', 'us-east-1:000000000000:layer:shared:2'],
          'Two different versions of the same layer are not allowed',
        ],
        [
          Array.from({ length: 6 }, (_, index) => `us-east-1:000000000000:layer:l${index}:1`),
          'more than 5 layers.',
        ],
        [['us-east-1:111111111111:layer:shared:1'], 'is not authorized to perform: lambda:GetLayerVersion'],
      ])('layers %j are refused', async (arns, message) => {
        await publish('first');
        const layerArns = arns.map((rest) => `arn:aws:lambda:${rest}`);
        await expect(created({ layerArns })).rejects.toThrow(message);
      });

      test('several layers lie over one another in order', async () => {
        await publish('first');
        await fixture.module.layers.publish(
          { ...scope, name: 'over' },
          { zip: zipOf({ 'python/shared.py': 'over', 'python/more.py': '' }), description: '' },
        );
        await created({ layerArns: [arn(1), 'arn:aws:lambda:us-east-1:000000000000:layer:over:1'] });
        const { version } = await fixture.module.lookup.resolve(hello);
        const { opt = '' } = await fixture.module.lookup.directories(version);
        expect(readFileSync(join(opt, 'python/shared.py'), 'utf8')).toBe('over');
        expect(existsSync(join(opt, 'python/more.py'))).toBe(true);
      });
    });

    describe('deleting', () => {
      test('everything goes: versions, aliases, environments; and the name can be used again', async () => {
        const latest = await created({ publish: true });
        await fixture.module.aliases.create(hello, {
          name: 'live',
          version: '1',
          description: '',
          routing: [],
        });
        await source('live');
        await fixture.module.functions.delete(hello);
        expect(fixture.retired).toHaveLength(2);
        expect(fixture.retired).toContain(latest.deploymentId);
        await expect(source('live')).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
        await expect(fixture.module.functions.delete(hello)).rejects.toMatchObject({
          message: 'Function not found: arn:aws:lambda:us-east-1:000000000000:function:hello',
        });
        expect((await created({ publish: true })).state).toBe('Active');
        expect((await fixture.module.functions.get(hello, '1')).version.version).toBe('1');
      });

      const objects = (): readonly string[] => readdirSync(join(fixture.folder, 'code/objects'));

      test('its code stays for a grace period, since its last invocations may still run', async () => {
        await created();
        await fixture.module.functions.delete(hello);
        fixture.clock.advance(1_199_000);
        let periods = 0;
        const periodLater = (): readonly string[] => {
          periods += 1;
          fixture.clock.advance(1_200_000);
          return objects();
        };
        expect(objects()).toHaveLength(1);
        await expect.poll(periodLater, { timeout: 30_000 }).toEqual([]);
        expect(periods).toBeGreaterThan(1);
      });

      test('its code is gone after the next start, when nothing runs', async () => {
        await created();
        await fixture.module.functions.delete(hello);
        fixture = await fixture.reopen();
        expect(objects()).toEqual([]);
      });
    });
  });
}
