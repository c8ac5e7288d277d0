import {
  createRestRouter,
  formParameters,
  type OperationModel,
  type ParsedStructure,
  parseJsonBody,
  parseJsonStructure,
  parseQueryInput,
  parseRestJson,
  renderEc2,
  renderError,
  renderJson,
  renderQuery,
  renderRestJson,
  type RestRouter,
  type ServiceModel,
  type ServiceName,
  validateInput,
  type WireRequest,
  type WireResponse,
} from '../aws-protocol/index.ts';
import type { Log } from '../base/index.ts';
import { AwsError, awsError, notImplemented, serviceError } from '../model/index.ts';
import { isDiskFull } from './disk-full.ts';
import type { CallContext, Operation } from './operation.ts';
import { refusedMember } from './refused-members.ts';

/** Operations of one service with what they need already in hand. */
export interface ServiceApi {
  readonly model: ServiceModel;
  readonly operations: ReadonlyMap<string, BoundOperation>;
}

interface BoundOperation {
  readonly operation: Pick<Operation<never, never, unknown>, 'name' | 'members'>;
  run(input: ParsedStructure, context: CallContext): unknown;
}

export interface ApiRequest extends WireRequest {
  readonly service: ServiceName;
  readonly context: CallContext;
}

/** A request matched to its operation, before its body is there; Query requests name theirs in the body. */
export interface ApiTarget {
  readonly operation?: string;
}

export interface Api {
  readonly services: ReadonlyMap<string, ServiceModel>;
  /** Which operation a request means, as far as method, path, query and headers tell. */
  match(service: ServiceName, head: Omit<WireRequest, 'body'>): ApiTarget;
  /** Parses, validates, runs and renders. Never rejects: every failure becomes an AWS-shaped answer. */
  handle(request: ApiRequest): Promise<WireResponse>;
  /** An error in the protocol of the service, for refusals made before an operation is known. */
  renderError(service: ServiceName, error: AwsError, requestId: string): WireResponse;
}

/** Ties operations to their dependencies; the input that reaches `run` has passed the model's shapes and constraints. */
export function serviceApi<Services>(
  model: ServiceModel,
  services: Services,
  operations: readonly Operation<Services, never, unknown>[],
): ServiceApi {
  const bound = operations.map((operation): [string, BoundOperation] => [
    operation.name,
    // The model's shapes are what the operation's input type describes: this is the parser's cast.
    { operation, run: (input, context) => operation.run(services, input as never, context) },
  ]);
  return { model, operations: new Map(bound) };
}

export function createApi(
  services: Readonly<Partial<Record<ServiceName, ServiceApi>>>,
  { log }: { readonly log: Log },
): Api {
  const served = new Map(Object.entries(services).map(([name, service]) => [name, withRouter(service)]));
  const find = (name: ServiceName): RoutedService => {
    const service = served.get(name);
    if (!service) throw notImplemented(`the service ${name}`);
    return service;
  };
  return {
    services: new Map([...served].map(([name, { model }]) => [name, model])),
    match: (service, head) => ({ ...locate(find(service), head) }),
    renderError: (service, error, requestId) => renderFor(served.get(service)?.model, error, requestId),
    handle: async (request) => {
      const model = served.get(request.service)?.model;
      try {
        return withRequestId(await answer(find(request.service), request), request.context.requestId);
      } catch (error) {
        return renderFor(model, asAwsError(error, request, log), request.context.requestId);
      }
    },
  };
}

interface RoutedService extends ServiceApi {
  readonly route: RestRouter;
}

function withRouter(service: ServiceApi): RoutedService {
  return { ...service, route: createRestRouter(service.model.routes) };
}

interface Located {
  readonly operation?: string;
  readonly labels: Readonly<Record<string, string>>;
}

function locate(service: RoutedService, head: Omit<WireRequest, 'body'>): Located {
  switch (service.model.protocol) {
    case 'rest-json':
      return service.route(head.method, head.path, new URLSearchParams(head.query)) ?? { labels: {} };
    case 'json':
      return { labels: {}, ...targetOperation(head.headers['x-amz-target']) };
    case 'query':
    case 'ec2':
      return { labels: {} };
  }
}

function targetOperation(target: string | undefined): { operation?: string } {
  const operation = target?.split('.')[1];
  return operation === undefined ? {} : { operation };
}

async function answer(service: RoutedService, request: ApiRequest): Promise<WireResponse> {
  const located = locate(service, request);
  const parameters = isForm(service.model) ? formParameters(request.body, request.query) : undefined;
  const name = parameters ? (parameters.get('Action') ?? undefined) : located.operation;
  const operation = operationOf(service.model, name, request);
  const bound = service.operations.get(operation.name);
  if (!bound) throw notImplemented(operation.name);
  const input = parameters
    ? parseQueryInput(operation.input, parameters)
    : parseInput(service.model, operation, request, located);
  validateInput(service.model.service, operation, input);
  const refused = refusedMember(operation.name, bound.operation.members, input);
  if (refused) throw refused;
  return render(service.model, operation, await bound.run(input, request.context), request.context.requestId);
}

/** What AWS has but Hearth does not is refused by name; what AWS does not have, as AWS refuses it. */
function operationOf(model: ServiceModel, name: string | undefined, request: WireRequest): OperationModel {
  const operation = name === undefined ? undefined : model.operation(name);
  if (operation) return operation;
  if (name !== undefined && model.knows(name)) throw notImplemented(name);
  if (isForm(model)) {
    if (name === undefined)
      throw serviceError('MissingAction', 400, 'The request must contain the parameter Action.');
    throw serviceError(
      'InvalidAction',
      400,
      `Could not find operation ${name.slice(0, 128)} for version of the API.`,
    );
  }
  const what = model.protocol === 'json' ? '' : ` ${request.method} ${request.path.slice(0, 256)}`;
  throw serviceError('UnknownOperationException', 404, `Unknown operation${what}`);
}

/** Operation and members come as a form. */
function isForm({ protocol }: ServiceModel): boolean {
  return protocol === 'query' || protocol === 'ec2';
}

function parseInput(
  model: ServiceModel,
  operation: OperationModel,
  request: WireRequest,
  { labels }: Located,
): ParsedStructure {
  if (model.protocol === 'rest-json') {
    return parseRestJson(operation, request, { labels, query: new URLSearchParams(request.query) });
  }
  return operation.input ? parseJsonStructure(operation.input, parseJsonBody(request.body)) : {};
}

function render(
  model: ServiceModel,
  operation: OperationModel,
  output: unknown,
  requestId: string,
): WireResponse {
  const value = typeof output === 'object' && output !== null ? output : undefined;
  switch (model.protocol) {
    case 'rest-json':
      return renderRestJson(operation, value);
    case 'json':
      return renderJson(operation, value, model.jsonVersion);
    case 'query':
      return renderQuery(operation, value, { namespace: model.xmlNamespace, requestId });
    case 'ec2':
      return renderEc2(operation, value, { namespace: model.xmlNamespace, requestId });
  }
}

function asAwsError(error: unknown, request: ApiRequest, log: Log): AwsError {
  const full = isDiskFull(error);
  if (error instanceof AwsError && !full) {
    if (error.status >= 500 && error.status !== 501) log.warn({ err: error }, 'request failed');
    return error;
  }
  const { requestId } = request.context;
  const what = full ? 'the disk is full' : 'unexpected error';
  log.error({ err: error, requestId, method: request.method, path: request.path }, what);
  const why = full ? 'The disk of the server is full' : 'An internal error occurred';
  const message = `${why} (request ${requestId}).`;
  return request.service === 'lambda'
    ? awsError('ServiceException', message, { cause: error })
    : serviceError('InternalFailure', 500, message);
}

/** A service that Hearth does not have is answered in REST-JSON, which most clients can show. */
function renderFor(model: ServiceModel | undefined, error: AwsError, requestId: string): WireResponse {
  const envelope = {
    protocol: model?.protocol ?? ('rest-json' as const),
    jsonVersion: model?.jsonVersion ?? '1.1',
    xmlNamespace: model?.xmlNamespace ?? '',
    requestId,
  };
  return withRequestId(renderError(error, envelope), requestId);
}

function withRequestId(response: WireResponse, requestId: string): WireResponse {
  return { ...response, headers: { ...response.headers, 'x-amzn-RequestId': requestId } };
}
