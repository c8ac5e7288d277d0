import { invalidToken } from './errors.ts';

/** A page token that holds the place where the page before ended; opaque to clients. */
export function renderPageToken(place: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** The inverse. Throws `InvalidParameterException` for what `renderPageToken` never makes. */
export function parsePageToken(token: string): readonly unknown[] {
  const json = Buffer.from(token, 'base64url').toString();
  try {
    const place: unknown = JSON.parse(json);
    if (Array.isArray(place) && !json.includes('\\u0000')) return place;
  } catch {
    // Not JSON: no token of ours.
  }
  throw invalidToken();
}

/** As `parsePageToken`, where the place is a name. */
export function parseNameToken(token: string | undefined): string {
  if (token === undefined) return '';
  const [name] = parsePageToken(token);
  if (typeof name !== 'string') throw invalidToken();
  return name;
}
