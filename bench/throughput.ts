import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { createFunction, invokeRequest, LambdaClient } from './support/lambda-client.ts';
import type { LoadResult } from './support/load-generator.ts';
import { type HearthServer, load, type RunningServer, startEcho, startHearth } from './support/processes.ts';
import type { Bench, Measurement } from './support/report.ts';
import { type Credentials, signedInvokeRequest } from './support/signing.ts';

const PAYLOAD = '{"hello":"world","list":[1,2,3]}';
const ROUNDS = 3;
const ROUND_MS = 4_000;
/** Sixteen environments share the requests, and each has a compiler of its own to warm up. */
const WARM_UP_MS = 12_000;

interface Pair {
  readonly echo: LoadResult;
  readonly hearth: LoadResult;
}

/** Echo and Hearth in turn, several rounds, so that a busy neighbour on the machine meets both. */
async function compare(
  connections: number,
  auth: 'permissive' | 'keys' = 'permissive',
): Promise<readonly Pair[]> {
  const [echo, hearth] = [await startEcho(), await startHearth(undefined, ['--auth', auth])];
  try {
    const request = auth === 'keys' ? await deploySigned(hearth) : await deployUnsigned(hearth);
    const measure = (server: RunningServer, warmUpMs = 1_000): Promise<LoadResult> =>
      load({ port: server.port, request, connections, warmUpMs, measureMs: ROUND_MS });
    await measure(hearth, WARM_UP_MS);
    const pairs: Pair[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      pairs.push({ echo: await measure(echo), hearth: await measure(hearth) });
    }
    return pairs;
  } finally {
    await Promise.all([echo.stop(), hearth.stop()]);
  }
}

async function deployUnsigned({ port }: HearthServer): Promise<string> {
  await new LambdaClient(port).create({ name: 'echo', language: 'nodejs' });
  return invokeRequest('echo', PAYLOAD);
}

async function deploySigned({ port, dataDir }: HearthServer): Promise<string> {
  const hearth = join(import.meta.dirname, '../bin/hearth.js');
  const flags = ['--endpoint', `http://127.0.0.1:${port}`, '--data-dir', dataDir, '--output', 'json'];
  const made = execFileSync(process.execPath, [hearth, 'keys', 'create', ...flags], { encoding: 'utf8' });
  const credentials = JSON.parse(made) as Credentials;
  await createFunction(port, credentials, 'echo');
  return signedInvokeRequest('echo', PAYLOAD, credentials);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function onlySuccess(pairs: readonly Pair[]): boolean {
  return pairs.every(({ hearth }) => Object.keys(hearth.statuses).join() === '200');
}

function throughputBench(promise: string, auth: 'permissive' | 'keys', least: number): Bench {
  const signed = auth === 'keys' ? ', every signature verified' : '';
  return {
    promise,
    promised: `warm Invoke, 16 connections${signed}: ≥ ${least} × the requests/s of a bare node:http echo`,
    run: async (): Promise<Measurement> => {
      const rounds = await compare(16, auth);
      const ratio = median(rounds.map(({ echo, hearth }) => hearth.perSecond / echo.perSecond));
      const perSecond = median(rounds.map(({ hearth }) => hearth.perSecond));
      return {
        measured: `${ratio.toFixed(2)} × (${perSecond}/s)`,
        holds: ratio >= least && onlySuccess(rounds),
        details: { rounds },
      };
    },
  };
}

export const throughput = throughputBench('P1', 'permissive', 0.45);
export const signedThroughput = throughputBench('P1-KEYS', 'keys', 0.35);

export const latency: Bench = {
  promise: 'P2',
  promised: 'warm Invoke, 1 connection: p50 ≤ echo + 100 µs, p99 ≤ 10 × p50',
  run: async (): Promise<Measurement> => {
    const rounds = await compare(1);
    const aboveUs = median(rounds.map(({ echo, hearth }) => hearth.p50Us - echo.p50Us));
    const spread = median(rounds.map(({ hearth }) => hearth.p99Us / hearth.p50Us));
    const p50Us = median(rounds.map(({ hearth }) => hearth.p50Us));
    return {
      measured: `echo + ${aboveUs} µs (p50 ${p50Us} µs), p99 = ${spread.toFixed(1)} × p50`,
      holds: aboveUs <= 100 && spread <= 10 && onlySuccess(rounds),
      details: { rounds },
    };
  },
};
