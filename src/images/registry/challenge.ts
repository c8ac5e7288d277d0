/** How a registry wants to be convinced (`WWW-Authenticate`, RFC 9110; tokens as in the distribution project's "token" spec). */
export type Challenge =
  | { readonly scheme: 'basic' }
  | {
      readonly scheme: 'bearer';
      readonly realm: string;
      readonly service?: string;
      readonly scope?: string;
    };

const LONGEST_HEADER = 8_192;

/** The first challenge that Hearth can answer, Bearer before Basic; undefined where there is none. */
export function parseChallenge(header: string | undefined): Challenge | undefined {
  if (header === undefined || header.length > LONGEST_HEADER) return undefined;
  const bearer = /(?:^|,\s*)bearer\s+(.*)$/i.exec(header)?.[1];
  if (bearer !== undefined) {
    const parameters = parameterMap(bearer);
    const realm = parameters.get('realm');
    if (realm !== undefined && URL.canParse(realm)) {
      const [service, scope] = [parameters.get('service'), parameters.get('scope')];
      return {
        scheme: 'bearer',
        realm,
        ...(service === undefined ? {} : { service }),
        ...(scope === undefined ? {} : { scope }),
      };
    }
  }
  return /(?:^|,\s*)basic\b/i.test(header) ? { scheme: 'basic' } : undefined;
}

function parameterMap(text: string): ReadonlyMap<string, string> {
  const found = text.matchAll(/([a-zA-Z_]{1,32})\s*=\s*(?:"([^"]{0,2048})"|([^\s,"]{1,2048}))/g);
  return new Map([...found].map(([, name = '', quoted, bare]) => [name.toLowerCase(), quoted ?? bare ?? '']));
}
