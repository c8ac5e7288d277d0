import type { FunctionVersion } from '../model/index.ts';

const MACHINE = process.arch === 'arm64' ? 'arm64' : 'x86_64';

/** What the log says of a function for the other architecture, in its format; undefined for all others. */
export function architectureNotice(
  { architecture, logging }: FunctionVersion,
  nowMs: number,
): string | undefined {
  if (architecture === MACHINE) return undefined;
  const message = `This function is for ${architecture} and this machine is ${MACHINE}: interpreted code runs natively, compiled code by the emulator that the kernel has for it.`;
  if (logging.format === 'Text') return `HEARTH\t${message}`;
  return JSON.stringify({ timestamp: new Date(nowMs).toISOString(), level: 'INFO', message });
}
