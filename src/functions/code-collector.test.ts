import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  caller,
  type FunctionsFixture,
  openFixture,
  scope,
  zipOf,
} from '../../tests/support/open-functions.ts';

/** The longest invocation and some room: `GRACE_MS`. */
const GRACE_MS = 1_200_000;
const hello = { ...scope, name: 'hello' };

/** Made once: an archive holds the time at which it was packed. */
const one = zipOf({ 'app.py': 'one' });
const two = zipOf({ 'app.py': 'two' });

let fixture: FunctionsFixture;

beforeEach(async () => {
  fixture = await openFixture();
});
afterEach(() => fixture.close());

async function create(name: string, bytes: Uint8Array, layerArns: readonly string[] = []): Promise<string> {
  const key = { ...scope, name };
  await fixture.module.functions.create(key, {
    configuration: { runtime: 'python3.12', handler: 'a.b', roleArn: 'arn:aws:iam::000000000000:role/r' },
    architecture: 'x86_64',
    code: { kind: 'zip', bytes },
    layerArns,
    tags: {},
    publish: false,
    caller,
  });
  await fixture.module.settled();
  return folderOf(name);
}

/** Where the function's code is mounted from. */
async function folderOf(name: string): Promise<string> {
  const { version } = await fixture.module.lookup.resolve({ ...scope, name });
  return (await fixture.module.lookup.directories(version)).task;
}

async function updateCode(name: string, bytes: Uint8Array): Promise<void> {
  const code = { kind: 'zip', bytes } as const;
  await fixture.module.functions.updateCode({ ...scope, name }, { code, publish: false, dryRun: false });
  await fixture.module.settled();
}

/** The end of a grace period, and of the look that follows it. */
async function passGrace(): Promise<void> {
  fixture.clock.advance(GRACE_MS);
  await fixture.module.collected();
}

test('code of a deleted function stays while an environment may run from it, and goes then', async () => {
  const folder = await create('hello', one);
  await fixture.module.functions.delete(hello);
  await passGrace();
  expect(existsSync(folder)).toBe(true);
  await passGrace();
  expect(existsSync(folder)).toBe(false);
});

test('code that an update replaced goes, what replaced it stays', async () => {
  const before = await create('hello', one);
  await updateCode('hello', two);
  await passGrace();
  await passGrace();
  expect(existsSync(before)).toBe(false);
  expect(existsSync(await folderOf('hello'))).toBe(true);
});

test('code stays as long as one function of several has it', async () => {
  const folder = await create('hello', one);
  expect(await create('other', one)).toBe(folder);
  await fixture.module.functions.delete(hello);
  await passGrace();
  await passGrace();
  expect(existsSync(folder)).toBe(true);
});

test('code that came into use again meanwhile has its whole grace period once more', async () => {
  const folder = await create('hello', one);
  await fixture.module.functions.delete(hello);
  await passGrace();
  await create('hello', one);
  await fixture.module.functions.delete(hello);
  await passGrace();
  expect(existsSync(folder)).toBe(true);
  await passGrace();
  expect(existsSync(folder)).toBe(false);
});

test('layers and their merged folder go with the last version that uses them', async () => {
  const arns = await Promise.all(
    ['one', 'two'].map(async (name) => {
      const zip = zipOf({ [`${name}.txt`]: name });
      await fixture.module.layers.publish({ ...scope, name }, { zip, description: '' });
      return `arn:aws:lambda:us-east-1:000000000000:layer:${name}:1`;
    }),
  );
  await create('hello', one, arns);
  for (const name of ['one', 'two']) await fixture.module.layers.delete({ ...scope, name }, 1);
  await passGrace();
  await passGrace();
  expect(stored()).toEqual({ objects: 3, merged: 1 });
  await fixture.module.functions.delete(hello);
  await passGrace();
  await passGrace();
  expect(stored()).toEqual({ objects: 0, merged: 0 });
});

function stored(): { objects: number; merged: number } {
  const count = (name: string) => readdirSync(join(fixture.folder, 'code', name)).length;
  return { objects: count('objects'), merged: count('merged') };
}

test('code of a change that was refused goes too', async () => {
  await create('hello', one);
  await expect(create('hello', two)).rejects.toThrow('Function already exist');
  await passGrace();
  await passGrace();
  expect(stored().objects).toBe(1);
});

test('a restart removes at once what nothing refers to', async () => {
  const folder = await create('hello', one);
  await create('other', two);
  await fixture.module.functions.delete(hello);
  fixture = await fixture.reopen();
  expect(existsSync(folder)).toBe(false);
  expect(existsSync(await folderOf('other'))).toBe(true);
});
