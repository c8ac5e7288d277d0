type Headers = Readonly<Record<string, string | string[] | undefined>>;

/**
 * Whether a web page of another site sent this: with permissive credentials anything that reaches the port is
 * obeyed, and every page in the user's browser can reach it. Programs that are no browser send neither header.
 * A page may also have made its own name point here (DNS rebinding), hence the look at `Host`.
 */
export function isForeignPage(headers: Headers): boolean {
  const { origin, host } = headers;
  const site = headers['sec-fetch-site'];
  if (origin === undefined && site === undefined) return false;
  if (site === 'cross-site' || site === 'same-site') return true;
  if (origin !== undefined && origin !== `http://${String(host)}`) return true;
  return !isLocalName(String(host ?? ''));
}

function isLocalName(host: string): boolean {
  const name = host.replace(/:\d+$/, '');
  return (
    name === 'localhost' || name === '[::1]' || name.endsWith('.localhost') || /^\d+(\.\d+){3}$/.test(name)
  );
}
