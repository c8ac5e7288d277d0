export type Route =
  | {
      readonly kind:
        | 'next'
        | 'init-error'
        | 'ping'
        | 'restore-next'
        | 'restore-error'
        | 'credentials'
        | 'not-found'
        | 'method-not-allowed';
    }
  | { readonly kind: 'response' | 'error'; readonly requestId: string }
  | { readonly kind: 'not-implemented'; readonly api: string };

/** Where a function with SnapStart finds its credentials, which its variables would keep in the snapshot. */
export const CREDENTIALS_PATH = '/2021-04-23/credentials';
const PREFIX = '/2018-06-01/runtime/';
const NEXT = `${PREFIX}invocation/next`;
const INVOCATION = `${PREFIX}invocation/`;
const INIT_ERROR = `${PREFIX}init/error`;
const RESPONSE_SUFFIX = '/response';
const ERROR_SUFFIX = '/error';

/** APIs of AWS Lambda that an environment may look for and does not find here yet. */
const absentApis: readonly (readonly [string, string])[] = [
  ['/2026-01-15/metadata/', 'the metadata endpoint'],
];

/** Which call of the Runtime API (version 2018-06-01) a request is. */
export function matchRoute(method: string, target: string): Route {
  if (target === NEXT) return allowing('GET', method, { kind: 'next' });
  const requestId = target.startsWith(INVOCATION) ? target.slice(INVOCATION.length) : undefined;
  if (requestId?.endsWith(RESPONSE_SUFFIX)) {
    return allowing('POST', method, {
      kind: 'response',
      requestId: requestId.slice(0, -RESPONSE_SUFFIX.length),
    });
  }
  if (requestId?.endsWith(ERROR_SUFFIX)) {
    return allowing('POST', method, { kind: 'error', requestId: requestId.slice(0, -ERROR_SUFFIX.length) });
  }
  if (target === INIT_ERROR) return allowing('POST', method, { kind: 'init-error' });
  if (target === '/ping' || target === '/2018-06-01/ping') return allowing('GET', method, { kind: 'ping' });
  if (target === `${PREFIX}restore/next`) return allowing('GET', method, { kind: 'restore-next' });
  if (target === `${PREFIX}restore/error`) return allowing('POST', method, { kind: 'restore-error' });
  if (target === CREDENTIALS_PATH) return allowing('GET', method, { kind: 'credentials' });
  const absent = absentApis.find(([path]) => target.startsWith(path));
  return absent ? { kind: 'not-implemented', api: absent[1] } : { kind: 'not-found' };
}

function allowing(allowed: string, method: string, route: Route): Route {
  return method === allowed ? route : { kind: 'method-not-allowed' };
}
