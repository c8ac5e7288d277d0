import { type Command, exitCodes, text, UsageError } from '../command.ts';
import { control, controlFlags } from '../control.ts';

interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey?: string;
  readonly account: string;
  readonly createdAt: string;
}

export const keys: Command = {
  name: 'keys',
  summary: 'Access keys, for a server with --auth keys',
  details: `hearth keys create      make one, and print it for "export"
hearth keys list        which there are, without their secrets
hearth keys delete KEY  end one, at once`,
  args: '<action> [key]',
  flags: [
    ...controlFlags,
    {
      flags: '--account <digits>',
      description: 'the 12-digit account of a new key',
      default: '000000000000',
    },
  ],
  examples: ['hearth keys create --account 111122223333', 'hearth keys list', 'hearth keys delete AKIA…'],
  async run(values, [action, key], context) {
    const { output } = context;
    if (action === 'create') {
      const made = await control(values, context, {
        method: 'POST',
        path: 'keys',
        body: { account: text(values, 'account') },
      });
      const { accessKeyId, secretAccessKey } = made as AccessKey;
      if (output.format === 'json') output.json(made);
      else
        output.line(
          `export AWS_ACCESS_KEY_ID=${accessKeyId}\nexport AWS_SECRET_ACCESS_KEY=${secretAccessKey}`,
        );
      output.note('The secret is shown once.');
    } else if (action === 'list') {
      const all = (await control(values, context, { method: 'GET', path: 'keys' })) as readonly AccessKey[];
      if (output.format === 'json') output.json(all);
      else
        output.table(
          ['KEY', 'ACCOUNT', 'CREATED'],
          all.map((entry) => [entry.accessKeyId, entry.account, entry.createdAt]),
          'No keys yet.',
        );
    } else if (action === 'delete' && key) {
      await control(values, context, { method: 'DELETE', path: `keys/${encodeURIComponent(key)}` });
      if (output.format === 'json') output.json({ accessKeyId: key });
      else output.line(`Deleted ${key}.`);
    } else {
      throw new UsageError('keys takes create, list, or delete KEY');
    }
    return exitCodes.ok;
  },
};
