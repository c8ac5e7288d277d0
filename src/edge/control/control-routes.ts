import { createHash, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import { createRestRouter, parseJsonBody, type RestRouter } from '../../aws-protocol/index.ts';
import { secretFile } from '../../base/index.ts';

/** What an operator may ask of the server itself; everything else goes through AWS's APIs. */
export interface ControlRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/_hearth`, labels in braces: `/keys/{id}`. */
  readonly path: string;
  handle(request: ControlRequest): Promise<ControlAnswer> | ControlAnswer;
}

export interface ControlRequest {
  readonly labels: Readonly<Record<string, string>>;
  /** The JSON body; an empty one is `{}`. */
  readonly body: unknown;
  /** Aborts when the caller is gone before it has its answer. */
  readonly signal: AbortSignal;
}

export interface ControlAnswer {
  readonly status: number;
  /** Written as JSON. */
  readonly body?: unknown;
  /** Written as one line of JSON each, as they come, in place of `body`. Must not reject. */
  readonly lines?: AsyncIterable<unknown>;
}

export const CONTROL_PREFIX = '/_hearth/';

/** The token of the operator: 32 bytes in hexadecimal in `operator-token` of the data folder, for its owner alone. */
export function operatorToken(dataFolder: string): string {
  return secretFile(join(dataFolder, 'operator-token'), 32);
}

/** Routes under `/_hearth/` behind the operator's token. */
export class ControlPlane {
  readonly #token: string;
  readonly #routes: ReadonlyMap<string, ControlRoute>;
  readonly #router: RestRouter;

  constructor(token: string, routes: readonly ControlRoute[]) {
    this.#token = token;
    this.#routes = new Map(routes.map((route) => [`${route.method} ${route.path}`, route]));
    this.#router = createRestRouter(
      routes.map(({ method, path }) => ({
        name: `${method} ${path}`,
        method,
        uri: `${CONTROL_PREFIX.slice(0, -1)}${path}`,
      })),
    );
  }

  /** Whether an `Authorization` header carries the operator's token. */
  isOperator(authorization: string | undefined): boolean {
    const [scheme, token = ''] = (authorization ?? '').split(' ');
    return scheme === 'Bearer' && timingSafeEqual(digest(token), digest(this.#token));
  }

  async handle(request: {
    readonly method: string;
    readonly path: string;
    readonly body: Buffer;
    readonly signal: AbortSignal;
  }): Promise<ControlAnswer> {
    const { method, path, body, signal } = request;
    const match = this.#router(method, path, new URLSearchParams());
    const route = match && this.#routes.get(match.operation);
    if (!match || !route) return { status: 404, body: { message: 'There is no such control route.' } };
    return route.handle({ labels: match.labels, body: parseJsonBody(body), signal });
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
