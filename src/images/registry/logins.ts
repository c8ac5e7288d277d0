import { readFile } from 'node:fs/promises';
import type { NamedRegistry } from './registry-address.ts';

/** Docker keeps the Hub's login under an address of old. */
const HUB_KEY = 'https://index.docker.io/v1/';

/** Where the operator's logins are: the registry's own address, or Docker's file. */
export interface Logins {
  /** `user:password` for the registry at this host; undefined where there is none: then the pull is anonymous. */
  find(host: string): Promise<string | undefined>;
}

/**
 * The logins of `docker login` in `config.json`, read anew each time. Helper programs (`credsStore`, `credHelpers`) are not
 * asked: a server that starts programs because of what a caller names would be another kind of server.
 */
export function operatorLogins(dockerConfig: string, named: NamedRegistry | undefined): Logins {
  return {
    find: async (host) => {
      if (named?.login !== undefined && new URL(named.url).host === host) return named.login;
      const auths = await readAuths(dockerConfig);
      const keys = host === 'registry-1.docker.io' ? [HUB_KEY] : [host, `https://${host}`, `http://${host}`];
      return keys.map((key) => loginIn(auths, key)).find((login) => login !== undefined);
    },
  };
}

async function readAuths(path: string): Promise<object> {
  const text = await readFile(path, 'utf8').catch(() => '{}');
  try {
    const auths: unknown = Reflect.get(Object(JSON.parse(text)), 'auths');
    return typeof auths === 'object' && auths !== null ? auths : {};
  } catch {
    return {};
  }
}

function loginIn(auths: object, key: string): string | undefined {
  if (!Object.hasOwn(auths, key)) return undefined;
  const auth: unknown = Reflect.get(Object(Reflect.get(auths, key)), 'auth');
  if (typeof auth !== 'string' || auth === '') return undefined;
  const login = Buffer.from(auth, 'base64').toString('utf8');
  return login.includes(':') ? login : undefined;
}
