import { chownSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test as plainTest } from 'vitest';
import { run } from '../support/programs.ts';
import { boto3Checks } from '../support/boto3-checks.ts';
import { createPython, invoke, lambdaClient } from '../support/functions.ts';
import { root, startHearth } from '../support/hearth.ts';
import { attackTest, sandboxesArePossible } from '../support/attacks.ts';

const OWNER = 12_345;
const folder = mkdtempSync(join(tmpdir(), 'hearth-files-'));

function owned(name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  if (process.getuid?.() === 0) chownSync(path, OWNER, OWNER);
  return path;
}

const accessPoint = (digit: string): string =>
  `arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/fsap-${digit.repeat(17)}`;
const s3Files = `arn:aws:s3files:us-east-1:000000000000:file-system/fs-${'4'.repeat(17)}/access-point/fsap-${'5'.repeat(17)}`;

const [shared, readOnly, gone] = [owned('shared'), owned('read-only'), owned('gone')];
writeFileSync(join(readOnly, 'there'), 'before');

afterAll(() => rmSync(folder, { recursive: true }));

describe.runIf(sandboxesArePossible)('file systems, through boto3', () => {
  const allowed = [
    `${accessPoint('1')}=${shared}`,
    `${accessPoint('2')}=${readOnly}:ro`,
    `${accessPoint('3')}=${gone}`,
    `${s3Files}=${shared}`,
  ];
  boto3Checks('file_systems.py', {
    args: allowed.flatMap((one) => ['--file-system', one]),
    checkEnv: { SHARED_FOLDER: shared, GONE_FOLDER: gone, OWNER: String(OWNER) },
  });
});

attackTest('a folder of root is refused at start, with what to do', async () => {
  const ofRoot = join(folder, 'of-root');
  mkdirSync(ofRoot);
  const args = ['--file-system', `${accessPoint('1')}=${ofRoot}`];
  await expect(startHearth({ args })).rejects.toThrow(
    `${ofRoot} belongs to root: functions act as the owner and the group of the folder, so give it to others, such as by: chown 1000:1000 ${ofRoot}`,
  );
});

plainTest('the process sandbox mounts none, and says so at start and at creation', async () => {
  const args = ['--sandbox', 'process', '--file-system', `${accessPoint('1')}=${shared}`];
  const hearth = await startHearth({ args });
  try {
    expect(hearth.printed()).toContain('The process sandbox mounts no file systems');
    const FileSystemConfigs = [{ Arn: accessPoint('1'), LocalMountPath: '/mnt/shared' }];
    const creation = createPython(lambdaClient(hearth.endpoint), 'fn', 'handler = None', {
      FileSystemConfigs,
    });
    await expect(creation).rejects.toThrow('The process sandbox mounts no file systems');
  } finally {
    await hearth.dispose();
  }
});

plainTest('what is no access point with a folder is refused by the command line', async () => {
  const start = [process.execPath, join(root, 'bin/hearth.js'), 'start', '--file-system'];
  for (const wrong of ['/folder', `${accessPoint('1')}=relative`, 'arn:aws:s3:::bucket=/folder']) {
    const { code, stderr } = await run([...start, wrong]);
    expect(code).not.toBe(0);
    expect(stderr).toContain(`not '${wrong}'`);
  }
});

attackTest(
  'a function gets out of a file system neither by links nor by devices or set-user-id files',
  async () => {
    const hearth = await startHearth({ args: ['--file-system', `${accessPoint('1')}=${shared}`] });
    try {
      const source = `
import os, subprocess
def handler(event, context):
    os.chdir("/mnt/shared")
    os.symlink(event["secret"], "link")
    os.symlink("../../../../../.." + event["secret"], "relative")
    tries = [lambda: open("link"), lambda: open("relative"), lambda: open(event["secret"]),
             lambda: os.mknod("device", 0o60666, os.makedev(254, 0)), lambda: os.chown("own", 0, 0)]
    open("own", "w").close()
    os.chmod("own", 0o4755)
    subprocess.run("cp /usr/bin/id own && chmod 4755 own", shell=True, check=True)
    errors = []
    for attempt in tries:
        try:
            attempt()
            errors.append("allowed")
        except OSError as error:
            errors.append(type(error).__name__)
    return errors + [subprocess.check_output(["./own", "-u"]).decode() == f"{os.getuid()}\\n"]
`;
      const FileSystemConfigs = [{ Arn: accessPoint('1'), LocalMountPath: '/mnt/shared' }];
      await createPython(lambdaClient(hearth.endpoint), 'fn', source, { FileSystemConfigs });
      writeFileSync(join(folder, 'secret'), 'secret');
      const { payload } = await invoke(lambdaClient(hearth.endpoint), 'fn', {
        secret: join(folder, 'secret'),
      });
      const missing = 'FileNotFoundError';
      expect(payload).toEqual([missing, missing, missing, 'PermissionError', 'OSError', true]);
      expect(statSync(join(shared, 'own')).uid).toBe(OWNER);
    } finally {
      await hearth.dispose();
    }
  },
);

attackTest('nothing stays mounted when environments end, and after a crash a start sweeps it', async () => {
  const args = ['--file-system', `${accessPoint('1')}=${shared}`];
  const FileSystemConfigs = [{ Arn: accessPoint('1'), LocalMountPath: '/mnt/shared' }];
  const first = await startHearth({ args });
  const client = lambdaClient(first.endpoint);
  const source = 'def handler(event, context):\n    open("/mnt/shared/kept", "w").write("kept")';
  await createPython(client, 'fn', source, { FileSystemConfigs });
  await invoke(client, 'fn');
  expect(await mountsOf(shared)).toBe(1);
  await first.kill();
  expect(await mountsOf(shared)).toBe(1);
  const second = await startHearth({ args, dataFolder: first.dataFolder });
  expect(await mountsOf(shared)).toBe(0);
  await invoke(lambdaClient(second.endpoint), 'fn');
  expect(await mountsOf(shared)).toBe(1);
  await second.dispose();
  expect(await mountsOf(shared)).toBe(0);
  expect((await run(['cat', join(shared, 'kept')])).stdout).toBe('kept');
});

/** How often a folder is mounted in the host's own mount namespace. */
async function mountsOf(path: string): Promise<number> {
  const { stdout } = await run(['cat', '/proc/self/mountinfo']);
  return stdout.split('\n').filter((line) => line.split(' ')[3] === path).length;
}
