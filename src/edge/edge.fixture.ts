import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { databaseLocation } from '../../tests/support/database-location.ts';
import { type CallContext, createApi, type Operation, type ServiceApi, serviceApi } from '../api/index.ts';
import { loadServiceModel, SessionCredentials, SignatureVerifier } from '../aws-protocol/index.ts';
import { createLog, ManualClock, randomIds, WallClock } from '../base/index.ts';
import type { FunctionLookup } from '../functions/index.ts';
import type { InvocationOutcome, InvocationRequest } from '../invoke/index.ts';
import { awsError } from '../model/index.ts';
import { applyMigrations, openDatabase } from '../store/index.ts';
import {
  AccessKeys,
  accessKeysMigrations,
  Authenticator,
  ControlPlane,
  type ControlRoute,
  createEdge,
  type Edge,
  type EdgeLimits,
  keyRoutes,
} from './index.ts';

interface EdgeSetup {
  readonly auth?: 'permissive' | 'keys';
  /** Beside a Lambda that has `ListFunctions` only. */
  readonly logs?: ServiceApi;
  readonly invoke?: (request: InvocationRequest) => Promise<InvocationOutcome>;
  readonly limits?: Partial<EdgeLimits>;
  readonly routes?: readonly ControlRoute[];
  readonly download?: (url: string) => { readonly filePath: string } | undefined;
}

export interface RunningEdge {
  readonly edge: Edge;
  readonly port: number;
  readonly endpoint: string;
  readonly folder: string;
  /** Everything that reached the invoker. */
  readonly invocations: InvocationRequest[];
  /** Everything that `ListFunctions` was called with. */
  readonly contexts: CallContext[];
  readonly keys: AccessKeys;
  readonly sessions: SessionCredentials;
  readonly serviceClock: ManualClock;
  stop(): Promise<void>;
}

export const operatorToken = 'operator';

/** An edge on a real socket over a real store, with an invoker that returns its event. */
export async function runEdge(setup: EdgeSetup = {}): Promise<RunningEdge> {
  const folder = mkdtempSync(join(tmpdir(), 'hearth-edge-'));
  const clock = new WallClock();
  const database = await openDatabase(await databaseLocation(folder), clock);
  await applyMigrations(database, accessKeysMigrations);
  const serviceClock = new ManualClock(clock.nowMs());
  const masterKey = Buffer.alloc(32, 7);
  const keys = await AccessKeys.open({ database, masterKey, clock, ids: randomIds });
  const sessions = new SessionCredentials({ masterKey, clock: serviceClock, ids: randomIds });
  const invocations: InvocationRequest[] = [];
  const contexts: CallContext[] = [];
  const log = createLog('silent');
  const authenticator = new Authenticator({
    mode: setup.auth ?? 'permissive',
    keys,
    sessions,
    verifier: new SignatureVerifier(clock),
  });
  keys.onChange(() => authenticator.forget());
  const edge = createEdge({
    host: '127.0.0.1',
    port: 0,
    api: createApi(
      {
        lambda: serviceApi(loadServiceModel('lambda'), contexts, [listFunctions]),
        ...(setup.logs && { logs: setup.logs }),
      },
      { log },
    ),
    invoker: {
      invoke: (invocation) => {
        invocations.push(invocation);
        return (setup.invoke ?? echo)(invocation);
      },
    },
    lookup: noFunctions,
    access: {
      require: () => {
        throw awsError('AccessDeniedException', 'not yours');
      },
    },
    authenticator,
    control: new ControlPlane(operatorToken, [...keyRoutes(keys), ...(setup.routes ?? [])]),
    downloads: { prefix: '/_code/', verify: setup.download ?? (() => undefined) },
    clock,
    ids: randomIds,
    log,
    ...(setup.limits && { limits: setup.limits }),
  });
  const port = await edge.listen();
  const stop = async (): Promise<void> => {
    await edge.close();
    await database.close();
    rmSync(folder, { recursive: true });
  };
  const endpoint = `http://127.0.0.1:${port}`;
  return { edge, port, endpoint, folder, invocations, contexts, keys, sessions, serviceClock, stop };
}

/** A port by which whoever connects comes out of one execution environment. */
export async function inside({ edge }: RunningEdge): Promise<{ port: number; stop: () => Promise<unknown> }> {
  const origin = { kind: 'environment' } as const;
  const bridge = createServer((socket) => edge.acceptFromEnvironment(socket, origin));
  bridge.listen(0, '127.0.0.1');
  await once(bridge, 'listening');
  const address = bridge.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return { port, stop: () => once(bridge.close(), 'close') };
}

const listFunctions: Operation<CallContext[], never, unknown> = {
  name: 'ListFunctions',
  run: (contexts, _, context) => {
    contexts.push(context);
    return { Functions: [] };
  },
};

async function echo({ payload, tail }: InvocationRequest): Promise<InvocationOutcome> {
  return { payload, executedVersion: '$LATEST', ...(tail && { logTail: Buffer.from('END') }) };
}

const noFunctions: FunctionLookup = {
  resolve: ({ name }) => {
    throw awsError('ResourceNotFoundException', `Function not found: ${name}`);
  },
  directories: () => Promise.reject(new Error('not asked')),
  onRetired: () => undefined,
  reservedTotal: () => 0,
  invalidate: () => undefined,
};

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

interface Call {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
  readonly accessKeyId?: string;
  readonly service?: string;
}

/** A signed-looking request: permissive mode believes it. */
export function call({ port }: { readonly port: number }, path: string, options: Call = {}): Promise<Answer> {
  const { accessKeyId = 'test', service = 'lambda' } = options;
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=00`;
  const headers = { authorization, ...options.headers };
  return new Promise((resolve, reject) => {
    const sent = request(
      { port, path, method: options.method ?? 'POST', headers, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('error', reject);
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(options.body);
  });
}
