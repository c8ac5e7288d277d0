import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { timeFirstAnswer } from './first-answer.ts';
import { peerVersions } from './install.ts';
import { invokeRequest, LambdaClient } from '../support/lambda-client.ts';
import { type RunningServer, startHearth, startProgram } from '../support/processes.ts';

const PAYLOAD = '{"hello":"world","list":[1,2,3]}';

/** What is compared: a server with one function `echo` that returns its event. */
export interface Contender {
  readonly name: string;
  readonly version: string;
  start(): Promise<RunningServer>;
  /** A whole request that invokes `echo`. */
  readonly request: string;
  /** Milliseconds until a function that has not run yet has answered, each. */
  coldStarts(server: RunningServer, count: number): Promise<readonly number[]>;
}

export function contenders(folder: string): readonly Contender[] {
  return [hearth, serverlessOffline(folder), lambdaLocal(folder)];
}

const hearth: Contender = {
  name: 'Hearth',
  version: 'this commit',
  request: invokeRequest('echo', PAYLOAD),
  start: async () => {
    const server = await startHearth();
    await new LambdaClient(server.port).create({ name: 'echo', language: 'nodejs' });
    return server;
  },
  coldStarts: async ({ port }, count) => {
    const client = new LambdaClient(port);
    const tookMs: number[] = [];
    for (let index = 0; index < count; index++) {
      await client.create({ name: `cold-${index}`, language: 'nodejs' });
      await pause();
      tookMs.push(await timeFirstAnswer(port, invokeRequest(`cold-${index}`, PAYLOAD)));
    }
    client.close();
    return tookMs;
  },
};

function serverlessOffline(folder: string): Contender {
  return {
    name: 'serverless-offline',
    version: peerVersions['serverless-offline'],
    request: invokeRequest('peers-dev-echo', PAYLOAD),
    start: async () => {
      const [port, httpPort] = [await freePort(), await freePort()];
      const program = join(folder, 'node_modules/serverless/bin/serverless.js');
      const ports = ['--lambdaPort', String(port), '--httpPort', String(httpPort)];
      return startProgram([program, 'offline', 'start', '--host', '127.0.0.1', ...ports], {
        port,
        ready: /http for lambda.* listening/,
        cwd: folder,
        env: { SLS_TELEMETRY_DISABLED: '1', SLS_NOTIFICATIONS_MODE: 'off' },
      });
    },
    coldStarts: async ({ port }, count) => {
      const tookMs: number[] = [];
      for (let index = 0; index < count; index++) {
        await pause();
        tookMs.push(await timeFirstAnswer(port, invokeRequest(`peers-dev-cold-${index}`, PAYLOAD)));
      }
      return tookMs;
    },
  };
}

function lambdaLocal(folder: string): Contender {
  const request = lambdaLocalRequest();
  const start = async (): Promise<RunningServer> => {
    const port = await freePort();
    const program = join(folder, 'node_modules/lambda-local/build/cli.js');
    const args = ['--watch', String(port), '--lambda-path', 'index.js', '--handler', 'handler'];
    return startProgram([program, ...args], { port, ready: /handler listening/, cwd: folder });
  };
  return {
    name: 'lambda-local',
    version: peerVersions['lambda-local'],
    request,
    start,
    // It serves one function, so each needs a server of its own; starting that is not counted.
    coldStarts: async (_server, count) => {
      const tookMs: number[] = [];
      for (let index = 0; index < count; index++) {
        const server = await start();
        await pause();
        tookMs.push(await timeFirstAnswer(server.port, request));
        await server.stop();
      }
      return tookMs;
    },
  };
}

function lambdaLocalRequest(): string {
  const body = `{"event":${PAYLOAD}}`;
  const head = ['POST / HTTP/1.1', 'Host: 127.0.0.1', 'Content-Type: application/json'];
  return `${head.join('\r\n')}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** As a user calls, who is not a loop. */
function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 250));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
