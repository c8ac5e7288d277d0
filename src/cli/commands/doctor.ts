import { probeSandbox, type SandboxProbe } from '../../sandbox/index.ts';
import type { RuntimeDescription } from '../../runtimes/index.ts';
import { localRuntimes } from '../local-runtimes.ts';
import { type Command, type CommandContext, exitCodes } from '../command.ts';

export const doctor: Command = {
  name: 'doctor',
  summary: 'Tell what this machine can do, and the command that mends each gap',
  flags: [{ flags: '--data-dir <folder>', description: 'where runtimes were added to' }],
  examples: ['hearth doctor', 'hearth doctor --output json'],
  async run(values, _args, context) {
    const probe = await probeSandbox();
    const runtimes = await localRuntimes(values, context).list();
    if (context.output.format === 'json') context.output.json({ sandbox: probe, runtimes });
    else print(context, probe, runtimes);
    return probe.kind === 'oci' ? exitCodes.ok : exitCodes.failed;
  },
};

function print(
  { output }: CommandContext,
  probe: SandboxProbe,
  runtimes: readonly RuntimeDescription[],
): void {
  const mark = (ok: boolean) => (ok ? output.style('green', 'yes') : output.style('yellow', 'no'));
  output.line(
    probe.kind === 'oci'
      ? `Functions run ${output.style('green', 'isolated and limited')} (sandbox: oci).`
      : `Functions run ${output.style('yellow', 'without isolation')} (sandbox: process).`,
  );
  output.line(
    `CPU: ${probe.cores} ${probe.cores === 1 ? 'core' : 'cores'}, so that functions get their share up to ${probe.cores * 1_769} MB of memory; beyond that, no more.\n`,
  );
  output.table(
    ['PART', 'OK', 'FOUND', 'TO MEND'],
    probe.findings.map(({ name, ok, detail, remedy }) => [name, mark(ok), detail, ok ? '' : (remedy ?? '')]),
    'Nothing was looked at.',
  );
  output.line();
  output.table(
    ['RUNTIME', 'OK', 'FOUND', 'TO ADD'],
    runtimes.map((runtime) => runtimeRow(runtime, mark)),
    'No runtimes.',
  );
}

/** One runtime as a row: identifier, whether it runs here, what runs it, the command that adds it. */
export function runtimeRow(
  { identifier, interpreter, howToAdd }: RuntimeDescription,
  mark: (ok: boolean) => string,
): string[] {
  return [
    identifier,
    mark(howToAdd === undefined),
    interpreter ? `${interpreter.version} at ${interpreter.path}` : howToAdd ? '' : 'brings its own',
    howToAdd ?? '',
  ];
}
