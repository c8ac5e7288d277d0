import { type Command, exitCodes, UsageError } from '../command.ts';
import { control, controlFlags } from '../control.ts';

export const reset: Command = {
  name: 'reset',
  summary: 'Delete everything a running server holds: functions, layers, logs, roles',
  flags: [...controlFlags, { flags: '--yes', description: 'do not ask' }],
  examples: ['hearth reset --yes'],
  async run(values, _args, context) {
    if (values['yes'] !== true && !(await confirmed(context.output.watched))) return exitCodes.failed;
    await control(values, context, { method: 'POST', path: 'reset' });
    context.output.line('Everything is gone.');
    return exitCodes.ok;
  },
};

async function confirmed(interactive: boolean): Promise<boolean> {
  if (!interactive) throw new UsageError('reset deletes everything: say --yes where nobody can be asked');
  const { confirm } = await import('@clack/prompts');
  return (
    (await confirm({
      message: 'Delete every function, layer, log and role of this server?',
      initialValue: false,
    })) === true
  );
}
