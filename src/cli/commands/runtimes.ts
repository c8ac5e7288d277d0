import { type Command, exitCodes } from '../command.ts';
import { localRuntimes } from '../local-runtimes.ts';
import { runtimeRow } from './doctor.ts';

export const runtimes: Command = {
  name: 'runtimes',
  summary: 'List the runtimes of this machine',
  flags: [{ flags: '--data-dir <folder>', description: 'where runtimes are added to' }],
  examples: ['hearth runtimes'],
  async run(values, _args, context) {
    const { output } = context;
    const all = await localRuntimes(values, context).list();
    if (output.format === 'json') output.json(all);
    else
      output.table(
        ['RUNTIME', 'OK', 'FOUND', 'TO ADD'],
        all.map((runtime) => runtimeRow(runtime, (ok) => (ok ? 'yes' : 'no'))),
        'None.',
      );
    return exitCodes.ok;
  },
};
