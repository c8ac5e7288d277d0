import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { type LambdaClient, PublishLayerVersionCommand } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, expect } from 'vitest';
import { type Answer, createPython, lambdaClient } from './functions.ts';
import { type RunningHearth, root, startHearth } from './hearth.ts';
import { needs, programs } from './programs.ts';
import { zip } from './zip.ts';

const possible = programs.runc !== undefined && process.getuid?.() === 0;

/** `test` where extensions run in sandboxes of their functions. */
export const extensionTest = needs(possible, 'runc, as root');

/** The source of an extension that does what variables say (see there). */
export const AGENT = readFileSync(join(root, 'tests/support/agent-extension.py'), 'utf8');

/** Answers with what the agent noted, once that contains `wait`. */
const NOTES_FUNCTION = `
import json, os, signal, sys, time
print("module is loaded")
signal.signal(signal.SIGTERM, lambda *_: (print("runtime ends", flush=True), sys.exit(0)))
def notes(name):
    try:
        return [json.loads(line) for line in open(os.environ.get("TMPDIR", "/tmp") + f"/{name}.jsonl")]
    except FileNotFoundError:
        return []
def handler(event, context):
    print("handler works")
    if event.get("do") == "hang":
        time.sleep(100)
    if event.get("do") == "exit":
        os._exit(7)
    while "wait" in event and event["wait"] not in json.dumps(notes("agent")):
        time.sleep(0.01)
    return notes(event.get("name", "agent"))
`;

interface AgentFunction {
  /** Of the layer; the agent unless said otherwise. */
  readonly files?: Readonly<Record<string, string>>;
  readonly variables?: Record<string, string>;
  readonly timeoutSeconds?: number;
}

/** A server with functions that have extensions. */
export interface AgentServer {
  readonly client: LambdaClient;
  create(name: string, options?: AgentFunction): Promise<void>;
  /** The log of a function. */
  linesOf(name: string): Promise<string[]>;
  /** Waits for a line. */
  lineOf(name: string, pattern: RegExp): Promise<string>;
}

/** One server for a test file, made before its first test. Call at the top of the file. */
export function agentServer(): AgentServer {
  let hearth: RunningHearth | undefined;
  let client: LambdaClient | undefined;
  let logs: CloudWatchLogsClient | undefined;
  beforeAll(async () => {
    if (!possible) return;
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
  const linesOf = async (name: string): Promise<string[]> => {
    const answer = await logs?.send(new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${name}` }));
    return (answer?.events ?? []).map(({ message = '' }) => message.trimEnd());
  };
  return {
    get client() {
      if (!client) throw new Error('the server runs during tests only');
      return client;
    },
    async create(name, { files = { 'extensions/agent': AGENT }, variables = {}, timeoutSeconds = 20 } = {}) {
      const Layers = [await publishLayer(this.client, name, files)];
      const Environment = { Variables: variables };
      await createPython(this.client, name, NOTES_FUNCTION, { Layers, Environment, Timeout: timeoutSeconds });
    },
    linesOf,
    async lineOf(name, pattern) {
      const find = async (): Promise<string | undefined> =>
        (await linesOf(name)).find((line) => pattern.test(line));
      await expect.poll(find, { timeout: 20_000 }).toBeDefined();
      return (await find()) ?? '';
    },
  };
}

export async function publishLayer(
  client: LambdaClient,
  name: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<string> {
  const Content = { ZipFile: zip(files) };
  const { LayerVersionArn } = await client.send(new PublishLayerVersionCommand({ LayerName: name, Content }));
  return LayerVersionArn ?? '';
}

type Note = readonly [kind: string, what: unknown];

/** What the agent noted of one kind, as its function answered. */
export function noted(answer: Answer, kind: string): unknown[] {
  return (answer.payload as Note[]).filter(([of]) => of === kind).map(([, what]) => what);
}

export const HTTP_DESTINATION = { protocol: 'HTTP', URI: 'http://sandbox.localdomain:4243/events' };

/** A subscription to everything, for the agent. */
export function subscription(more: object = {}): string {
  return JSON.stringify({
    schemaVersion: '2022-12-13',
    types: ['platform', 'function', 'extension'],
    buffering: { timeoutMs: 25 },
    destination: HTTP_DESTINATION,
    ...more,
  });
}

export interface TelemetryNote {
  readonly type: string;
  readonly record: Readonly<Record<string, unknown>> | string;
}

/** What tells an event from others: the line of text that it is, or its type. */
export function nameOf({ type, record }: TelemetryNote): string {
  return typeof record === 'string' ? record : type;
}
