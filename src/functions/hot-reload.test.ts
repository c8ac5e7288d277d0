import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { caller, type FunctionsFixture, openFixture, scope } from '../../tests/support/open-functions.ts';
import { deferred } from '../base/index.ts';

let home: string;
let fixture: FunctionsFixture;
const live = { ...scope, name: 'live' };

beforeEach(async () => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'hearth-live-')));
  mkdirSync(join(home, 'allowed/app'), { recursive: true });
  mkdirSync(join(home, 'secret'));
  writeFileSync(join(home, 'allowed/app/app.py'), 'one');
  fixture = await openFixture({ hotReloadRoots: [join(home, 'allowed')] });
});

afterEach(async () => {
  await fixture.close();
  rmSync(home, { recursive: true });
});

async function deploy(hostPath: string, trusted = true): Promise<void> {
  await fixture.module.functions.create(live, {
    configuration: {
      runtime: 'python3.12',
      handler: 'app.handler',
      roleArn: 'arn:aws:iam::000000000000:role/r',
    },
    architecture: 'x86_64',
    code: { kind: 'hot-reload', hostPath, trusted },
    layerArns: [],
    tags: {},
    publish: false,
    caller,
  });
  await fixture.module.settled();
}

test('a folder under an allowed root is mounted itself', async () => {
  await deploy(join(home, 'allowed/app'));
  const { version } = await fixture.module.lookup.resolve(live);
  const { task } = await fixture.module.lookup.directories(version);
  expect(task).toBe(join(home, 'allowed/app'));
});

test('a change in the folder gives the next lookup a new deployment and retires the old one', async () => {
  await deploy(join(home, 'allowed/app'));
  const before = await fixture.module.lookup.resolve(live);
  const retired = deferred<string>();
  fixture.module.lookup.onRetired((deploymentId) => retired.resolve(deploymentId));
  const write = setInterval(() => writeFileSync(join(home, 'allowed/app/app.py'), 'two'), 20);
  expect(await retired.promise).toBe(before.version.deploymentId);
  clearInterval(write);
  const after = await fixture.module.lookup.resolve(live);
  expect(after.version.deploymentId).not.toBe(before.version.deploymentId);
  const { task } = await fixture.module.lookup.directories(after.version);
  expect(readFileSync(join(task, 'app.py'), 'utf8')).toBe('two');
});

test('deleting the function retires the deployment that really runs', async () => {
  await deploy(join(home, 'allowed/app'));
  const { version } = await fixture.module.lookup.resolve(live);
  await fixture.module.functions.delete(live);
  expect(fixture.retired).toContain(version.deploymentId);
});

test.each([
  ['a folder beside the roots', () => join(home, 'secret'), true, 'is under no folder'],
  ['a folder whose name only begins like a root', () => sibling(), true, 'is under no folder'],
  ['a path that climbs out', () => `${home}/allowed/../secret`, true, 'is under no folder'],
  ['a link that leads out', () => linkOut(), true, 'is under no folder'],
  ['a relative path', () => 'allowed/app', true, 'must be the absolute path of a folder'],
  ['a file', () => join(home, 'allowed/app/app.py'), true, 'must be the absolute path of a folder'],
  ['a folder, for the session of a role', () => join(home, 'allowed/app'), false, 'neither a function nor'],
])('%s is refused', async (_, path, trusted, message) => {
  await expect(deploy(path(), trusted)).rejects.toMatchObject({
    code: 'InvalidParameterValueException',
    message: expect.stringContaining(message),
  });
});

test('a folder that was turned into a link out is not mounted any more', async () => {
  await deploy(join(home, 'allowed/app'));
  rmSync(join(home, 'allowed/app'), { recursive: true });
  symlinkSync(join(home, 'secret'), join(home, 'allowed/app'));
  const { version } = await fixture.module.lookup.resolve(live);
  await expect(fixture.module.lookup.directories(version)).rejects.toThrow('is under no folder');
});

test('its versions would change, so none is published', async () => {
  await deploy(join(home, 'allowed/app'));
  await expect(fixture.module.versions.publish(live, {})).rejects.toThrow('deploy a zip first');
});

function sibling(): string {
  mkdirSync(join(home, 'allowed-not'));
  return join(home, 'allowed-not');
}

function linkOut(): string {
  symlinkSync(join(home, 'secret'), join(home, 'allowed/out'));
  return join(home, 'allowed/out');
}
