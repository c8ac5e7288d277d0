import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { attackTest, sandboxesArePossible } from '../support/attacks.ts';
import { boto3Checks } from '../support/boto3-checks.ts';
import { createPython, invoke, lambdaClient } from '../support/functions.ts';
import { root, startHearth } from '../support/hearth.ts';
import { run } from '../support/programs.ts';

const NOWHERE = 'subnet-0bbbbbbbbbbbbbbbb';
const GROUP = 'sg-0cccccccccccccccc';
const args = [
  ...['subnet-0aaaaaaaaaaaaaaa1=outbound', 'subnet-0aaaaaaaaaaaaaaa2=outbound', `${NOWHERE}=none`].flatMap(
    (subnet) => ['--subnet', subnet],
  ),
  '--security-group',
  GROUP,
];
const VpcConfig = { SubnetIds: [NOWHERE], SecurityGroupIds: [GROUP] };

describe.runIf(sandboxesArePossible)('VpcConfig, through boto3', () => boto3Checks('vpc.py', { args }));

test('the process sandbox, which isolates nobody, takes no subnet that stands for none', async () => {
  const hearth = await startHearth({ args: ['--sandbox', 'process', ...args] });
  try {
    const creation = createPython(lambdaClient(hearth.endpoint), 'fn', 'handler = None', { VpcConfig });
    await expect(creation).rejects.toThrow('The process sandbox keeps no function from the network');
  } finally {
    await hearth.dispose();
  }
});

attackTest('a function stays without a network when its subnet or its sandbox is taken away', async () => {
  const source = `
import socket
def handler(event, context):
    return [name for _, name in socket.if_nameindex()]`;
  const first = await startHearth({ args });
  await createPython(lambdaClient(first.endpoint), 'fn', source, { VpcConfig });
  await first.stop();
  const second = await startHearth({ dataFolder: first.dataFolder });
  expect((await invoke(lambdaClient(second.endpoint), 'fn')).payload).toEqual(['lo']);
  await second.stop();
  const third = await startHearth({ dataFolder: first.dataFolder, args: ['--sandbox', 'process', ...args] });
  await expect(invoke(lambdaClient(third.endpoint), 'fn')).rejects.toMatchObject({
    name: 'ServiceException',
  });
  await third.dispose();
});

test('what stands for no network is refused by the command line', async () => {
  const start = [process.execPath, join(root, 'bin/hearth.js'), 'start'];
  for (const [wrong, why] of [
    [['--subnet', 'subnet-0aaaaaaaaaaaaaaa1=bridge:br0'], 'attaches functions to no bridge yet'],
    [['--subnet', 'subnet-0aaaaaaaaaaaaaaa1'], "not 'subnet-0aaaaaaaaaaaaaaa1'"],
    [['--security-group', 'default'], "not 'default'"],
  ] as const) {
    const { code, stderr } = await run([...start, ...wrong]);
    expect(code).not.toBe(0);
    expect(stderr).toContain(why);
  }
});
