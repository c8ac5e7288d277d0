import { type Command, exitCodes, UsageError } from '../command.ts';
import { control, controlFlags } from '../control.ts';

export const reset: Command = {
  name: 'reset',
  summary: 'Delete all functions, layers, logs and roles of a server',
  details: 'Access keys and the operator token stay. Everything that runs is ended.',
  flags: [...controlFlags, { flags: '--yes', description: 'do not ask' }],
  examples: ['hearth reset --yes'],
  async run(values, _args, context) {
    if (values['yes'] !== true && !(await confirmed(context.output.watched))) return exitCodes.failed;
    await control(values, context, { method: 'POST', path: 'reset' });
    if (context.output.format === 'json') context.output.json({ reset: true });
    else context.output.line('Everything is gone; access keys stay.');
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
