/** What may be subscribed to. */
export type TelemetryType = 'platform' | 'function' | 'extension';

/** `logs` is the API that `telemetry` replaced; extensions in use still speak it. */
export type TelemetryApi = 'telemetry' | 'logs';

export type TelemetryDestination =
  | {
      readonly protocol: 'HTTP';
      readonly port: number;
      readonly path: string;
      readonly method: 'POST' | 'PUT';
    }
  | { readonly protocol: 'TCP'; readonly port: number };

/** One extension's wish to be sent telemetry (runtime.md, 3). */
export interface TelemetrySubscription {
  readonly api: TelemetryApi;
  /** A date; a later one has all that an earlier one has. */
  readonly schemaVersion: string;
  readonly types: readonly TelemetryType[];
  readonly maxItems: number;
  readonly maxBytes: number;
  readonly timeoutMs: number;
  readonly destination: TelemetryDestination;
}

/** A request that is no subscription; the message is for whoever sent it. */
export class InvalidSubscription extends Error {
  override readonly name = 'InvalidSubscription';
}

const TYPES: readonly TelemetryType[] = ['platform', 'function', 'extension'];

const SCHEMAS: Readonly<Record<TelemetryApi, readonly string[]>> = {
  telemetry: ['2022-07-01', '2022-12-13', '2025-01-29'],
  logs: ['2020-08-15', '2021-03-18'],
};

interface Bound {
  readonly min: number;
  readonly max: number;
  readonly default: number;
}

const BUFFERING = {
  maxItems: { min: 1_000, max: 10_000, default: 10_000 },
  maxBytes: { min: 262_144, max: 1_048_576, default: 262_144 },
  timeoutMs: { min: 25, max: 30_000, default: 1_000 },
} as const satisfies Readonly<Record<string, Bound>>;

type Fields = Readonly<Record<string, unknown>>;

/** Reads the body of `PUT /2022-07-01/telemetry` or `PUT /2020-08-15/logs`; throws an `InvalidSubscription`. */
export function parseSubscription(api: TelemetryApi, body: string): TelemetrySubscription {
  const fields = parseObject(body);
  const buffering = objectIn(fields, 'buffering') ?? {};
  return {
    api,
    schemaVersion: parseSchema(api, fields['schemaVersion']),
    types: parseTypes(fields['types']),
    maxItems: bounded('maxItems', buffering),
    maxBytes: bounded('maxBytes', buffering),
    timeoutMs: bounded('timeoutMs', buffering),
    destination: parseDestination(objectIn(fields, 'destination')),
  };
}

function parseObject(body: string): Fields {
  try {
    const parsed: unknown = JSON.parse(body);
    if (isObject(parsed)) return parsed;
  } catch {
    // Said below.
  }
  throw new InvalidSubscription('The request body must be a JSON object');
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function objectIn(fields: Fields, name: string): Fields | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) throw new InvalidSubscription(`${name} must be an object`);
  return value;
}

function parseSchema(api: TelemetryApi, value: unknown): string {
  const known = SCHEMAS[api];
  if (value === undefined && api === 'logs') return known[0] ?? '';
  const schema = known.find((name) => name === value);
  if (schema === undefined) throw new InvalidSubscription(`schemaVersion must be one of ${known.join(', ')}`);
  return schema;
}

function parseTypes(value: unknown): readonly TelemetryType[] {
  if (!Array.isArray(value) || value.length === 0) throw new InvalidSubscription('types must not be empty');
  const unknown: unknown = value.find((type) => !TYPES.some((known) => known === type));
  if (unknown !== undefined) throw new InvalidSubscription(`types must be among ${TYPES.join(', ')}`);
  return TYPES.filter((type) => value.includes(type));
}

function bounded(name: keyof typeof BUFFERING, buffering: Fields): number {
  const { min, max, default: otherwise } = BUFFERING[name];
  const value = buffering[name];
  if (value === undefined || value === null) return otherwise;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    throw new InvalidSubscription(`buffering.${name} must be an integer between ${min} and ${max}`);
  }
  return value;
}

function parseDestination(fields: Fields | undefined): TelemetryDestination {
  if (!fields) throw new InvalidSubscription('destination is required');
  const { protocol, port, URI: uri, method } = fields;
  if (protocol === 'TCP') return { protocol, port: requirePort(port) };
  if (protocol !== 'HTTP') throw new InvalidSubscription('destination.protocol must be HTTP or TCP');
  if (typeof uri !== 'string') throw new InvalidSubscription('destination.URI is required');
  if (method !== undefined && method !== 'POST' && method !== 'PUT') {
    throw new InvalidSubscription('destination.method must be POST or PUT');
  }
  return { protocol, ...parseUri(uri), method: method ?? 'POST' };
}

function requirePort(value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 65_536) return value;
  throw new InvalidSubscription('destination.port must be a port number');
}

/** Telemetry never leaves the environment: these names mean its own loopback. */
const LOCAL_NAMES = ['sandbox.localdomain', 'sandbox'];
const HTTP_PORT = 80;

function parseUri(uri: string): { readonly port: number; readonly path: string } {
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  if (url?.protocol !== 'http:' || !LOCAL_NAMES.includes(url.hostname)) {
    throw new InvalidSubscription('destination.URI must be of the form http://sandbox.localdomain:PORT/PATH');
  }
  return { port: url.port === '' ? HTTP_PORT : Number(url.port), path: `${url.pathname}${url.search}` };
}
