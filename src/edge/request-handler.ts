import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Api, CallContext } from '../api/index.ts';
import type { OperationModel, ServiceModel, WireRequest } from '../aws-protocol/index.ts';
import type { Clock, Ids, Log } from '../base/index.ts';
import type { FunctionLookup } from '../functions/index.ts';
import type { Invoker } from '../invoke/index.ts';
import { AwsError, awsError, notImplemented, serviceError } from '../model/index.ts';
import type { Authenticated, Authenticator } from './auth/authenticator.ts';
import { CONTROL_PREFIX, type ControlPlane } from './control/control-routes.ts';
import { type Downloads, serveDownload } from './downloads.ts';
import { BodyCollector, type BodyRule, RequestAborted } from './http/body-collector.ts';
import { bodyRule, invokeBodyRule } from './http/body-rules.ts';
import { isForeignPage } from './http/browser-guard.ts';
import { dialectOf, renderRefusal } from './http/dialect.ts';
import { respond, respondJson, respondLines } from './http/respond.ts';
import type { UnreadAnswers } from './http/unread-answers.ts';
import { type InvokeAccess, type InvokeNeeds, performInvoke } from './invoke/invoke-handler.ts';
import { flatHeaders, invokedFunction, streamedFunction } from './invoke/invoke-request.ts';
import { phasesAskedFor } from './invoke/phases-header.ts';
import { performStreamingInvoke } from './invoke/streaming-invoke.ts';
import type { InFlight } from './in-flight.ts';
import type { EdgeLimits } from './limits.ts';
import type { EnvironmentOrigin } from './origin.ts';

export interface RequestHandlerNeeds {
  readonly api: Api;
  readonly invoker: Invoker;
  readonly lookup: FunctionLookup;
  readonly access: InvokeAccess;
  readonly authenticator: Authenticator;
  readonly control: ControlPlane;
  readonly downloads: Downloads;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: EdgeLimits;
  readonly inFlight: InFlight;
  readonly unread: UnreadAnswers;
  /** Of Lambda's `Invoke`. */
  readonly invokeModel: OperationModel;
  /** The same of `InvokeWithResponseStream`. */
  readonly streamModel: OperationModel;
  /** The execution environment that a connection came out of, if it did. */
  readonly originOf: (socket: Duplex) => EnvironmentOrigin | undefined;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  /** Raw. */
  readonly path: string;
  readonly query: string;
  readonly requestId: string;
}

const HEALTH_PATHS: ReadonlySet<string> = new Set(['/_localstack/health', '/_hearth/health']);

/** Takes each request to what answers it; every failure on the way becomes an AWS-shaped answer. */
export class RequestHandler {
  readonly #needs: RequestHandlerNeeds;
  readonly #bodies: BodyCollector;
  readonly #invokeNeeds: InvokeNeeds;
  readonly #streamNeeds: InvokeNeeds;

  constructor(needs: RequestHandlerNeeds) {
    this.#needs = needs;
    this.#bodies = new BodyCollector(needs.limits);
    const { invoker, lookup, access, invokeModel: model } = needs;
    this.#invokeNeeds = { invoker, lookup, access, model };
    this.#streamNeeds = { ...this.#invokeNeeds, model: needs.streamModel };
  }

  serve(request: IncomingMessage, response: ServerResponse): void {
    this.#track(response);
    const url = request.url ?? '/';
    const mark = url.indexOf('?');
    const exchange: Exchange = {
      request,
      response,
      method: request.method ?? '',
      path: mark < 0 ? url : url.slice(0, mark),
      query: mark < 0 ? '' : url.slice(mark + 1),
      requestId: this.#needs.ids.uuid(),
    };
    this.#route(exchange).then(
      () => this.#needs.unread.watch(response, this.#needs.originOf(request.socket)),
      (error: unknown) => void this.#bodies.discard(request).then(() => this.#fail(exchange, error)),
    );
  }

  #collect({ request }: Exchange, rule: BodyRule): Promise<Buffer> {
    return this.#bodies.collect(request, rule, this.#needs.originOf(request.socket));
  }

  #track(response: ServerResponse): void {
    const { inFlight } = this.#needs;
    inFlight.begin();
    if (inFlight.draining) response.shouldKeepAlive = false;
    response.once('close', () => inFlight.end());
  }

  #route(exchange: Exchange): Promise<void> {
    const { method, path } = exchange;
    const invoked = method === 'POST' ? invokedFunction(path) : undefined;
    if (invoked !== undefined) return this.#invoke(exchange, invoked, false);
    const streamed = method === 'POST' ? streamedFunction(path) : undefined;
    if (streamed !== undefined) return this.#invoke(exchange, streamed, true);
    if (method === 'GET' && HEALTH_PATHS.has(path)) return this.#health(exchange);
    if (path.startsWith(CONTROL_PREFIX)) return this.#control(exchange);
    if (method === 'GET' && path.startsWith(this.#needs.downloads.prefix)) {
      this.#needs.unread.limitStalls(exchange.response);
      return serveDownload(this.#needs.downloads, exchange.request.url ?? '', exchange.response);
    }
    return this.#call(exchange);
  }

  /** The path of every warm invocation: the model is not walked, the payload stays as it came. */
  async #invoke(exchange: Exchange, functionName: string, streaming: boolean): Promise<void> {
    const phases = phasesAskedFor(exchange.request.headers, this.#needs.clock);
    const authenticated = this.#authenticate(exchange);
    const { scope, identity } = authenticated;
    if (scope.service !== 'lambda') return this.#callAs(exchange, authenticated);
    const { request, response, requestId, query } = exchange;
    const payload = await this.#collect(exchange, invokeBodyRule);
    if (authenticated.proof) this.#needs.authenticator.verify(authenticated, wireRequest(exchange, payload));
    const call = {
      functionName,
      query,
      scope: { account: identity.account, region: scope.region },
      identity,
      requestId,
      headers: request.headers,
      phases: streaming ? undefined : phases,
    };
    if (streaming) {
      const { unreadStallMs: stallMs } = this.#needs.limits;
      return performStreamingInvoke(this.#streamNeeds, { response, call, payload }, stallMs);
    }
    phases?.end('receive');
    await performInvoke(this.#invokeNeeds, { response, call, payload });
  }

  async #call(exchange: Exchange): Promise<void> {
    return this.#callAs(exchange, this.#authenticate(exchange));
  }

  /** Any operation: the service is that of the signature's scope. */
  async #callAs(exchange: Exchange, authenticated: Authenticated): Promise<void> {
    const { api, authenticator } = this.#needs;
    const { service } = this.#serviceOf(authenticated);
    const { operation } = api.match(service, wireRequest(exchange));
    const body = await this.#collect(exchange, bodyRule(operation));
    const request = wireRequest(exchange, body);
    authenticator.verify(authenticated, request);
    const context = this.#contextOf(exchange, authenticated);
    respond(exchange.response, await api.handle({ ...request, service, context }));
  }

  #authenticate({ request, query }: Exchange): Authenticated {
    if (isForeignPage(request.headers)) {
      throw awsError('AccessDeniedException', 'Requests from web pages of other sites are refused.');
    }
    return this.#needs.authenticator.authenticate({ headers: flatHeaders(request.headers), query });
  }

  #serviceOf({ scope }: Authenticated): ServiceModel {
    const model = this.#needs.api.services.get(scope.service);
    if (!model) throw notImplemented(`the service ${scope.service}`);
    return model;
  }

  #contextOf({ request, requestId }: Exchange, { scope, identity, proof }: Authenticated): CallContext {
    return {
      account: identity.account,
      region: scope.region,
      requestId,
      caller: identity,
      origin: this.#needs.originOf(request.socket) ? 'environment' : 'host',
      verified: proof !== undefined,
      baseUrl: baseUrlOf(request),
    };
  }

  async #health({ response }: Exchange): Promise<void> {
    const services = [...this.#needs.api.services.keys()].map((name) => [name, 'running']);
    respondJson(response, 200, { services: Object.fromEntries(services) });
  }

  /** Not there at all for whoever comes out of an environment, whatever it knows. */
  async #control(exchange: Exchange): Promise<void> {
    const { request, response, method, path } = exchange;
    const { control } = this.#needs;
    if (this.#needs.originOf(request.socket)) return respondJson(response, 404, { message: 'Not Found' });
    if (!control.isOperator(request.headers.authorization)) {
      return respondJson(response, 401, { message: 'The operator token is missing or wrong.' });
    }
    const body = await this.#collect(exchange, bodyRule(undefined));
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const { status, body: result, lines } = await control.handle({ method, path, body, signal: gone.signal });
    if (lines) await respondLines(response, status, lines);
    else respondJson(response, status, result);
  }

  #fail({ request, response, method, path, query, requestId }: Exchange, error: unknown): void {
    if (error instanceof RequestAborted || response.destroyed) return;
    if (response.headersSent) {
      response.destroy();
      return;
    }
    // A body that goes on beyond every limit: nothing more can be read from this connection.
    if (!request.complete) response.shouldKeepAlive = false;
    const dialect = dialectOf(request, query);
    const refusal = renderRefusal(error, dialect, requestId);
    if (!refusal) this.#needs.log.error({ err: error, requestId, method, path }, 'unexpected error');
    const answer = refusal ?? renderRefusal(internalError(dialect.protocol, requestId), dialect, requestId);
    if (answer) respond(response, answer);
  }
}

function wireRequest(
  { method, path, query, request }: Exchange,
  body: Buffer = Buffer.alloc(0),
): WireRequest {
  return { method, path, query, headers: flatHeaders(request.headers), body };
}

/** The address by which the caller reached Hearth, so that links lead back the same way. */
function baseUrlOf({ headers, socket }: IncomingMessage): string {
  const { host = '' } = headers;
  if (/^(?:[\w.-]{1,253}|\[[0-9a-fA-F:.]{2,45}\])(?::\d{1,5})?$/.test(host)) return `http://${host}`;
  return `http://${socket.localAddress ?? '127.0.0.1'}:${socket.localPort ?? 4566}`;
}

function internalError(protocol: string, requestId: string): AwsError {
  const message = `An internal error occurred (request ${requestId}).`;
  return protocol === 'rest-json'
    ? awsError('ServiceException', message)
    : serviceError('InternalFailure', 500, message);
}
