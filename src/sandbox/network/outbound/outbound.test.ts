import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  inside,
  networksArePossible,
  openFarHost,
  openTestServer,
  reading,
  type TestServer,
} from '../sandbox-network.fixture.ts';

const possible = networksArePossible();

function uplinkFile(server: TestServer): string {
  const [name = 'none'] = readdirSync(server.folder).filter((file) => file.endsWith('.pid'));
  return join(server.folder, name);
}

function uplinkPid(server: TestServer): number {
  return Number(readFileSync(uplinkFile(server), 'utf8'));
}

/** A process that has ended but was not collected yet counts as gone. */
function isRunning(pid: number): boolean {
  return existsSync(`/proc/${pid}/exe`) && readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
}

describe.skipIf(!possible)('outbound traffic of sandboxes', () => {
  let far: Awaited<ReturnType<typeof openFarHost>>;
  let server: TestServer;
  beforeAll(async () => {
    far = await openFarHost('far away');
  });
  beforeEach(async () => {
    server = await openTestServer();
  });
  afterEach(() => server.close());
  afterAll(() => far.close());

  test('reaches a machine beyond the host, from many sandboxes at once', async () => {
    expect(server.networks.gaps).toEqual([]);
    const networks = await Promise.all(Array.from({ length: 20 }, () => server.networks.create([])));
    const answers = await Promise.all(networks.map((network) => inside(network, reading(far.address, 80))));
    expect(new Set(answers)).toEqual(new Set(['far away']));
  });

  test('is kept apart between two servers, and outlives the other', async () => {
    const other = await openTestServer();
    const [mine, theirs] = [await server.networks.create([]), await other.networks.create([])];
    expect(await inside(theirs, reading(far.address, 80))).toBe('far away');
    await other.close();
    expect(await inside(mine, reading(far.address, 80))).toBe('far away');
  });

  test('comes back when the uplink dies, for sandboxes that were there before', async () => {
    const network = await server.networks.create([]);
    const first = uplinkPid(server);
    process.kill(first, 'SIGKILL');
    await expect.poll(() => server.networks.gaps, { timeout: 10_000 }).not.toEqual([]);
    await expect.poll(() => server.networks.gaps, { timeout: 10_000 }).toEqual([]);
    expect(uplinkPid(server)).not.toBe(first);
    expect(await inside(network, reading(far.address, 80))).toBe('far away');
  });

  test('leaves no process and no file when the server closes', async () => {
    const pid = uplinkPid(server);
    expect(isRunning(pid)).toBe(true);
    await server.networks.close();
    expect(isRunning(pid)).toBe(false);
    expect(readdirSync(server.folder)).toEqual([]);
  });

  test('ends by itself when the server is killed, and a sweep removes the rest', async () => {
    const script = `
      import { openTestServer } from '${join(import.meta.dirname, '../sandbox-network.fixture.ts')}';
      const server = await openTestServer();
      await server.networks.create([]);
      console.log(server.folder);
      setInterval(() => undefined, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
    const [folder] = await once(child.stdout.setEncoding('utf8'), 'data');
    const killed: TestServer = { ...server, folder: String(folder).trim() };
    const pid = uplinkPid(killed);
    child.kill('SIGKILL');
    await expect.poll(() => isRunning(pid)).toBe(false);
    const next = await openTestServer({ folder: killed.folder });
    expect(await next.networks.sweep()).toHaveLength(1);
    expect(await next.networks.sweep()).toEqual([]);
    await next.close();
  });

  test('a sweep ends what a crashed server left, and nothing of a live one', async () => {
    const file = join(server.folder, 'uplink-999999999.pid');
    const orphan = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', file]);
    writeFileSync(file, `${orphan.pid}\n`);
    writeFileSync(join(server.folder, 'uplink-999999998.pid'), `${process.pid}\n`);
    const ended = once(orphan, 'exit');
    expect(await server.networks.sweep()).toHaveLength(2);
    expect(await ended).toEqual([null, 'SIGKILL']);
    expect(isRunning(uplinkPid(server))).toBe(true);
    expect(await server.networks.sweep()).toEqual([]);
  });
});
