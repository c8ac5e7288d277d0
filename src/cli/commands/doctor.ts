import { probeSandbox, type SandboxProbe } from '../../sandbox/index.ts';
import type { RuntimeDescription } from '../../runtimes/index.ts';
import { localRuntimes } from '../local-runtimes.ts';
import { type Command, type CommandContext, exitCodes } from '../command.ts';
import { printRuntimes } from '../runtime-list.ts';

const MIB_PER_CORE = 1_769;

export const doctor: Command = {
  name: 'doctor',
  summary: 'What this machine can do, and how to mend each gap',
  details:
    'Looks at this machine and changes nothing. Ends with 0 where functions run isolated and limited, else with 1.',
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
  if (probe.kind === 'oci') {
    const most = (probe.cores * MIB_PER_CORE).toLocaleString('en-US');
    const cores = probe.cores === 1 ? '1 core' : `${probe.cores} cores`;
    output.line(`Functions run ${output.style('green', 'isolated and limited')} here (sandbox: oci).`);
    output.line(`Their CPU share grows with memory up to ${most} MB (${cores}).`);
  } else {
    const without = output.style('yellow', 'without isolation and limits');
    output.line(`Functions run ${without} here (sandbox: process).`);
  }
  output.heading('Isolation and limits');
  for (const { name, ok, detail, required, remedy } of probe.findings) {
    const mark = ok ? 'green' : required ? 'red' : 'yellow';
    output.item({ mark: output.style(mark, ok ? 'ok' : 'no'), name, text: detail });
    if (!ok && remedy) output.item({ mark: '', name: '', text: `to mend: ${output.style('bold', remedy)}` });
  }
  output.heading('Runtimes');
  printRuntimes(output, runtimes);
}
