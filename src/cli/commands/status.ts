import { type Command, exitCodes } from '../command.ts';
import { control, controlFlags } from '../control.ts';

export const status: Command = {
  name: 'status',
  summary: 'What the server is doing: environments, memory, functions',
  flags: controlFlags,
  examples: ['hearth status', 'hearth status --output json'],
  async run(values, _args, context) {
    const answer = await control(values, context, { method: 'GET', path: 'status' });
    if (context.output.format === 'json') {
      context.output.json(answer);
    } else {
      context.output.table(['WHAT', 'VALUE'], rows(answer, ''), 'Nothing to tell.');
    }
    return exitCodes.ok;
  },
};

/** Nested facts as dotted names, one row each. */
function rows(value: unknown, name: string): string[][] {
  if (typeof value !== 'object' || value === null) return [[name, String(value)]];
  if (Array.isArray(value))
    return [
      [
        name,
        value.map((item) => (typeof item === 'object' ? JSON.stringify(item) : String(item))).join(', '),
      ],
    ];
  return Object.entries(value).flatMap(([key, inner]) => rows(inner, name ? `${name}.${key}` : key));
}
