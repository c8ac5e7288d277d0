import type { FunctionVersion } from '../model/index.ts';
import type { InsideView } from '../sandbox/index.ts';
import type { RuntimeFamily } from './identifiers.ts';
import type { LaunchFacts } from './launch.ts';

type Variables = Readonly<Record<string, string>>;

const XRAY_PORT = '2000';
/** The descriptor that the sandbox reads framed log messages from. */
const LOG_DESCRIPTOR = '3';

/**
 * Everything a function finds in its environment at start (observed.md, 4.13). The function's own variables replace
 * what AWS lets them replace; the reserved ones come last.
 */
export function environmentOf(
  version: FunctionVersion,
  family: RuntimeFamily,
  { inside, facts }: { readonly inside: InsideView; readonly facts: LaunchFacts },
): Variables {
  return {
    ...sameForAll(family, inside, facts),
    ...version.environment,
    ...functionVariables(version, facts),
    ...credentialVariables(family, facts),
    ...platformVariables(facts, inside),
    ...(family.kind === 'provided' ? {} : managedVariables(version)),
    ...(family.kind === 'nodejs' || family.kind === 'python' ? bootstrapVariables(inside) : {}),
  };
}

/** What every function of a runtime starts with; first, so that it is in its place when the rest comes later. */
function sameForAll(family: RuntimeFamily, inside: InsideView, facts: GenericFacts): Variables {
  return {
    ...systemDefaults(family, inside),
    ...languageDefaults(family, inside),
    ...endpointDefaults(facts),
    AWS_XRAY_CONTEXT_MISSING: 'LOG_ERROR',
    AWS_XRAY_DAEMON_ADDRESS: traceDaemon(facts).join(':'),
  };
}

type GenericFacts = Pick<LaunchFacts, 'runtimeApiAddress' | 'endpointUrl' | 'traceDaemonAddress'>;

/** For a bootstrap of ours that is to wait for its function. */
export function genericEnvironmentOf(
  family: RuntimeFamily,
  { inside, facts }: { readonly inside: InsideView; readonly facts: GenericFacts },
): Variables {
  return {
    ...sameForAll(family, inside, facts),
    _LAMBDA_TELEMETRY_LOG_FD: LOG_DESCRIPTOR,
    ...connectionVariables(inside),
    HEARTH_UNASSIGNED: '1',
  };
}

function systemDefaults(family: RuntimeFamily, inside: InsideView): Variables {
  const lang = family.kind === 'provided' && family.system === 'al2' ? undefined : inside.path('/var/lang');
  const runtime = inside.path('/var/runtime');
  const task = inside.path('/var/task');
  const opt = inside.path('/opt');
  const programs = ['/usr/local/bin', '/usr/bin/', '/bin', `${opt}/bin`];
  const libraries = ['/lib64', '/usr/lib64', runtime, `${runtime}/lib`, task, `${task}/lib`, `${opt}/lib`];
  return {
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    PATH: (lang ? [`${lang}/bin`, ...programs] : programs).join(':'),
    LD_LIBRARY_PATH: (lang ? [`${lang}/lib`, ...libraries] : libraries).join(':'),
  };
}

/** Host and port of the X-Ray daemon. Every function is told where it would be, as on AWS, also where it is not traced. */
function traceDaemon({ runtimeApiAddress, traceDaemonAddress }: GenericFacts): readonly [string, string] {
  const address = traceDaemonAddress ?? runtimeApiAddress;
  const colon = address.lastIndexOf(':');
  return [address.slice(0, colon), traceDaemonAddress ? address.slice(colon + 1) : XRAY_PORT];
}

function languageDefaults(family: RuntimeFamily, inside: InsideView): Variables {
  const shell = { PWD: inside.path('/var/task'), SHLVL: '0' };
  if (family.kind === 'nodejs') return { ...shell, NODE_PATH: nodePath(family.major, inside) };
  if (family.kind !== 'python') return {};
  return Number(family.minor.slice(2)) >= 12 ? { ...shell, LC_CTYPE: 'C.UTF-8' } : shell;
}

function nodePath(major: string, inside: InsideView): string {
  const opt = inside.path('/opt');
  const runtime = inside.path('/var/runtime');
  const layers = [`${opt}/nodejs/node${major}/node_modules`, `${opt}/nodejs/node_modules`];
  return [...layers, `${runtime}/node_modules`, runtime, inside.path('/var/task')].join(':');
}

/** Where the SDKs find Hearth; the latter two are what code written for LocalStack asks for. */
function endpointDefaults({ endpointUrl }: GenericFacts): Variables {
  const url = new URL(endpointUrl);
  return { AWS_ENDPOINT_URL: endpointUrl, LOCALSTACK_HOSTNAME: url.hostname, EDGE_PORT: url.port };
}

function functionVariables(
  version: FunctionVersion,
  facts: LaunchFacts,
): Variables & { readonly _HANDLER: string } {
  const json = version.logging.format === 'JSON';
  return {
    AWS_REGION: version.region,
    AWS_DEFAULT_REGION: version.region,
    AWS_LAMBDA_FUNCTION_NAME: version.name,
    AWS_LAMBDA_FUNCTION_VERSION: version.version,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(version.memoryMiB),
    AWS_LAMBDA_INITIALIZATION_TYPE: facts.initializationType,
    ...(facts.initializationType === 'snap-start' ? {} : logVariables(version, facts)),
    ...(json ? { AWS_LAMBDA_LOG_FORMAT: 'JSON' } : {}),
    ...(json ? { AWS_LAMBDA_LOG_LEVEL: version.logging.applicationLevel ?? 'INFO' } : {}),
    _HANDLER: version.handler,
  };
}

/** Absent with SnapStart, where the log stream is not yet known when they are read. */
function logVariables(version: FunctionVersion, facts: LaunchFacts): Variables {
  return {
    AWS_LAMBDA_LOG_GROUP_NAME: version.logging.logGroup,
    AWS_LAMBDA_LOG_STREAM_NAME: facts.logStream,
  };
}

/** The oldest versions of Java have them twice (observed.md, 109). */
function credentialVariables(family: RuntimeFamily | undefined, { credentials }: LaunchFacts): Variables {
  if ('url' in credentials) {
    return {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: credentials.url,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: credentials.authorizationToken,
    };
  }
  const twice = family?.kind === 'java' && Number(family.major) <= 11;
  return {
    ...(twice ? { AWS_ACCESS_KEY: credentials.accessKeyId } : {}),
    ...(twice ? { AWS_SECRET_KEY: credentials.secretAccessKey } : {}),
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken,
  };
}

function platformVariables(facts: LaunchFacts, inside: InsideView): Variables {
  return {
    ...runtimeApiVariables(facts),
    LAMBDA_TASK_ROOT: inside.path('/var/task'),
    LAMBDA_RUNTIME_DIR: inside.path('/var/runtime'),
  };
}

function runtimeApiVariables(facts: GenericFacts): Variables {
  const [daemonHost, daemonPort] = traceDaemon(facts);
  return {
    AWS_LAMBDA_RUNTIME_API: facts.runtimeApiAddress,
    _AWS_XRAY_DAEMON_ADDRESS: daemonHost,
    _AWS_XRAY_DAEMON_PORT: daemonPort,
  };
}

/** The descriptor is for the runtime; our own bootstraps take it away before the function's code runs, Java's does not. */
function managedVariables(version: FunctionVersion): Variables {
  return { AWS_EXECUTION_ENV: `AWS_Lambda_${version.runtime}`, _LAMBDA_TELEMETRY_LOG_FD: LOG_DESCRIPTOR };
}

/** For our own bootstraps, which take them away before the function's code runs. */
function bootstrapVariables(inside: InsideView): Variables {
  const opt = inside.path('/opt');
  return {
    ...(opt === '/opt' ? {} : { HEARTH_OPT_DIR: opt }),
    ...connectionVariables(inside),
  };
}

function connectionVariables(inside: InsideView): Variables {
  return {
    ...(inside.runtimeSocketPath ? { HEARTH_RUNTIME_SOCKET: inside.runtimeSocketPath } : {}),
  };
}

/** As Docker gives it where an image names none. */
const IMAGE_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * The same for a container image: its own variables stand in for the runtime's, and the function's replace both. Its entry
 * point makes `_HANDLER` of its command, as that of AWS's base images does.
 */
export function environmentOfImage(
  version: FunctionVersion,
  image: Variables,
  facts: LaunchFacts,
): Variables {
  const { _HANDLER: _, ...functionOnly } = functionVariables(version, facts);
  return {
    PATH: IMAGE_PATH,
    ...endpointDefaults(facts),
    AWS_XRAY_CONTEXT_MISSING: 'LOG_ERROR',
    AWS_XRAY_DAEMON_ADDRESS: traceDaemon(facts).join(':'),
    ...image,
    ...version.environment,
    ...functionOnly,
    ...credentialVariables(undefined, facts),
    ...runtimeApiVariables(facts),
  };
}
