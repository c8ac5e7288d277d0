import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where Hearth keeps its state unless told otherwise (XDG Base Directory Specification). */
export function defaultDataFolder(env: Readonly<Record<string, string | undefined>>): string {
  return join(env['XDG_DATA_HOME'] || join(homedir(), '.local', 'share'), 'hearth');
}
