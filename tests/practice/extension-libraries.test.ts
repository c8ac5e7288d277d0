import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DeleteFunctionCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, expect } from 'vitest';
import { publishLayer } from '../support/agents.ts';
import { createPython, invoke, lambdaClient } from '../support/functions.ts';
import { type RunningHearth, root, startHearth } from '../support/hearth.ts';
import { needs, programs } from '../support/programs.ts';
import { cargoIsPresent, rustExtension } from '../support/rust-extension.ts';

/** Extensions and telemetry through libraries that nobody here wrote. */
const asRoot = programs.runc !== undefined && process.getuid?.() === 0;
const sitePackages = globSync(join(root, '.venv/lib/python3*/site-packages'))[0] ?? '';
const testRust = needs(asRoot && cargoIsPresent(), 'runc, as root, and cargo');
const testPython = needs(
  asRoot && packageIsPresent('aws_lambda_powertools'),
  'runc, as root, and Powertools',
);

let hearth: RunningHearth;
let client: LambdaClient;
let logs: CloudWatchLogsClient;

beforeAll(async () => {
  if (!asRoot) return;
  hearth = await startHearth({ args: ['--sandbox', 'oci'] });
  client = lambdaClient(hearth.endpoint);
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  logs = new CloudWatchLogsClient({ endpoint: hearth.endpoint, region: 'us-east-1', credentials });
});

afterAll(async () => {
  client?.destroy();
  logs?.destroy();
  await hearth?.dispose();
});

function packageIsPresent(name: string): boolean {
  return globSync(join(sitePackages, name)).length > 0;
}

/** A layer of installed Python packages. */
async function publishPackages(name: string, packages: readonly string[]): Promise<string> {
  const found = packages.flatMap((one) => globSync(`${one}/**/*.py`, { cwd: sitePackages }));
  return publishLayer(
    client,
    name,
    Object.fromEntries(found.map((path) => [`python/${path}`, readFileSync(join(sitePackages, path))])),
  );
}

async function linesOf(name: string): Promise<string[]> {
  const answer = await logs.send(new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${name}` }));
  return (answer.events ?? []).map(({ message = '' }) => message.trimEnd());
}

testRust(
  "AWS's library for Rust registers, subscribes, collects every event, and ends when it is told to",
  async () => {
    const layer = await publishLayer(client, 'rust', {
      'extensions/rust-agent': readFileSync(await rustExtension()),
    });
    const source = `
import json, time
print("module is loaded")
def handler(event, context):
    print("handler works")
    while True:
        try:
            notes = [json.loads(line) for line in open("/tmp/agent.jsonl")]
        except FileNotFoundError:
            notes = []
        if event.get("wait", "") in json.dumps(notes):
            return notes
        time.sleep(0.01)
`;
    await createPython(client, 'rust', source, { Layers: [layer], Timeout: 20 });
    await invoke(client, 'rust', { wait: 'invoke' });
    const { payload } = await invoke(client, 'rust', { wait: 'PlatformReport' });
    const notes = payload as [string, string][];
    expect(notes.filter(([kind]) => kind === 'invoke')).toHaveLength(2);
    const told = notes
      .filter(([kind]) => kind === 'telemetry')
      .map(([, text]) => /^\w+(\("[^"]+"\))?/.exec(text)?.[0]);
    expect(told).toContain('PlatformTelemetrySubscription');
    const others = told.filter((name) => name !== 'PlatformTelemetrySubscription');
    expect(others.slice(0, others.indexOf('PlatformReport') + 1)).toEqual([
      'PlatformInitStart',
      'Function("module is loaded")',
      'PlatformInitRuntimeDone',
      'PlatformExtension',
      'PlatformInitReport',
      'PlatformStart',
      'Function("handler works")',
      'PlatformRuntimeDone',
      'PlatformReport',
    ]);
    await client.send(new DeleteFunctionCommand({ FunctionName: 'rust' }));
    await expect
      .poll(() => linesOf('rust'), { timeout: 10_000 })
      .toContainEqual(expect.stringMatching(/^rust agent ends: spindown$/i));
  },
  180_000,
);

testPython('Powertools for Python logs, counts and knows whether the environment is new', async () => {
  const layer = await publishPackages('powertools', [
    'aws_lambda_powertools',
    'jmespath',
    'typing_extensions*',
  ]);
  const modules = globSync('typing_extensions.py', { cwd: sitePackages });
  const files = Object.fromEntries(modules.map((path) => [path, readFileSync(join(sitePackages, path))]));
  const source = `
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
logger = Logger(service="shop")
metrics = Metrics(namespace="Shop", service="shop")
@logger.inject_lambda_context(log_event=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event, context):
    logger.append_keys(order=event["order"])
    logger.info("an order came in")
    metrics.add_metric(name="Orders", unit=MetricUnit.Count, value=1)
    return context.function_name
`;
  await createPython(client, 'powertools', '', {
    files: { ...files, 'app.py': source },
    Layers: [layer],
    Timeout: 20,
    MemorySize: 256,
  });
  expect((await invoke(client, 'powertools', { order: 7 })).payload).toBe('powertools');
  expect((await invoke(client, 'powertools', { order: 8 })).payload).toBe('powertools');
  const lines = (await linesOf('powertools'))
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.filter(({ message }) => message === 'an order came in')).toMatchObject([
    { level: 'INFO', order: 7, cold_start: true, function_name: 'powertools', function_memory_size: '256' },
    { level: 'INFO', order: 8, cold_start: false },
  ]);
  expect(lines.filter((line) => 'Orders' in line)).toHaveLength(2);
  expect(lines.filter((line) => 'ColdStart' in line)).toHaveLength(1);
});

testPython('lambda-sigterm, an internal extension, has the runtime told when it is to end', async () => {
  const layer = await publishPackages('sigterm', ['lambda_sigterm', 'urllib3']);
  const source = `
import signal, sys, lambda_sigterm
lambda_sigterm.register()
signal.signal(signal.SIGTERM, lambda *_: (print("goodbye", flush=True), sys.exit(0)))
def handler(event, context):
    return "hello"
`;
  await createPython(client, 'sigterm', source, { Layers: [layer], Timeout: 20 });
  expect((await invoke(client, 'sigterm')).payload).toBe('hello');
  expect(await linesOf('sigterm')).toContain('EXTENSION\tName: lambda-sigterm\tState: Ready\tEvents: []');
  await client.send(new DeleteFunctionCommand({ FunctionName: 'sigterm' }));
  await expect.poll(() => linesOf('sigterm'), { timeout: 10_000 }).toContain('goodbye');
});
