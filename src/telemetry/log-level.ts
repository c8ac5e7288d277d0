import type { LogLevelName } from '../model/index.ts';

const levels: readonly LogLevelName[] = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];

/** Whether a line of `level` is kept where `threshold` is set. */
export function reachesLevel(level: LogLevelName, threshold: LogLevelName): boolean {
  return levels.indexOf(level) >= levels.indexOf(threshold);
}

/**
 * The level of an application's line in the JSON format: its member `level` where the line is a JSON object with a
 * valid one, else INFO (developer guide, "Log-level filtering").
 */
export function applicationLevelOf(message: string): LogLevelName {
  if (!message.startsWith('{')) return 'INFO';
  try {
    const parsed: unknown = JSON.parse(message);
    return levelIn(parsed) ?? 'INFO';
  } catch {
    return 'INFO';
  }
}

function levelIn(parsed: unknown): LogLevelName | undefined {
  if (typeof parsed !== 'object' || parsed === null || !('level' in parsed)) return undefined;
  const name = String(parsed.level).toUpperCase();
  return levels.find((level) => level === name);
}
