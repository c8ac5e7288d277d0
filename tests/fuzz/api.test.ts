import { Agent, request as httpRequest } from 'node:http';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadServiceModel, type ServiceName } from '../../src/aws-protocol/index.ts';
import { type RunningHearth, startHearth } from '../support/hearth.ts';
import { type GeneratedRequest, requestsOf } from './generated-requests.ts';

/** `npm run fuzz` asks for 10,000 an operation; the ordinary run for 10,000 in all. */
const perService = Number(process.env['FUZZ_RUNS'] ?? 2_500);
const AT_ONCE = 16;

const services: readonly { readonly name: ServiceName; readonly credential: string }[] = [
  { name: 'lambda', credential: 'lambda' },
  { name: 'logs', credential: 'logs' },
  { name: 'application-autoscaling', credential: 'application-autoscaling' },
  { name: 'sts', credential: 'sts' },
  { name: 'iam', credential: 'iam' },
  { name: 'ecr', credential: 'ecr' },
  { name: 'xray', credential: 'xray' },
  { name: 'ec2', credential: 'ec2' },
];

let hearth: RunningHearth;
const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });

beforeAll(async () => {
  hearth = await startHearth({ args: ['--sandbox', 'process', '--log-level', 'error'] });
});

afterAll(async () => {
  agent.destroy();
  await hearth?.dispose();
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

async function send(generated: GeneratedRequest): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const { method, path, headers, body } = generated;
    const outgoing = httpRequest(
      hearth.endpoint,
      { agent, method, path, headers: { ...headers, 'content-length': String(body.length) } },
      (incoming) => {
        let text = '';
        incoming.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        incoming.on('end', () =>
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: text }),
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** What is wrong with an answer; undefined when it is a success or an error in AWS's shape. */
function complaint({ status, headers, body }: Answer): string | undefined {
  if (status < 300) return undefined;
  if (status >= 500 && status !== 501) return `status ${status}`;
  if (headers['x-amzn-requestid'] === undefined) return 'no request id';
  const isXml = body.startsWith('<');
  if (isXml) return /<Code>[\w.]+<\/Code>/.test(body) ? undefined : 'XML without a code';
  const type = headers['x-amzn-errortype'];
  try {
    const parsed = JSON.parse(body) as Record<string, unknown>;
    return type !== undefined || '__type' in parsed ? undefined : 'no error type';
  } catch {
    return `no JSON: ${body.slice(0, 80)}`;
  }
}

async function survives(requests: readonly GeneratedRequest[]): Promise<string[]> {
  const waiting = [...requests];
  const complaints: string[] = [];
  const worker = async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const answer = await send(next);
      const wrong = complaint(answer);
      if (wrong)
        complaints.push(
          `${wrong}: ${next.operation} ${next.method} ${next.path} ${JSON.stringify(next.headers)} ${next.body.toString('latin1').slice(0, 200)} → ${answer.body.slice(0, 200)}`,
        );
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return complaints;
}

describe.each(services)('$name', ({ name, credential }) => {
  test('answers every generated request with a success or an error in AWS shape', {
    timeout: 3_600_000,
  }, async () => {
    const seed = Number(process.env['FUZZ_SEED'] ?? Math.trunc(Math.random() * 2 ** 31));
    const requests = fc.sample(requestsOf(loadServiceModel(name), credential), { numRuns: perService, seed });
    expect(requests.length).toBe(perService);
    expect(await survives(requests), `FUZZ_SEED=${seed}`).toEqual([]);
    expect((await fetch(`${hearth.endpoint}/_hearth/health`)).status).toBe(200);
    expect(hearth.process.exitCode).toBeNull();
  });
});
