import type { FunctionConfiguration } from '@aws-sdk/client-lambda';
import { endpointFlags, lambdaClient } from '../clients.ts';
import { type Command, exitCodes } from '../command.ts';

export const list: Command = {
  name: 'list',
  summary: 'List the functions',
  flags: endpointFlags,
  examples: ['hearth list', 'hearth list --output json'],
  async run(values, _args, context) {
    const { paginateListFunctions } = await import('@aws-sdk/client-lambda');
    const client = await lambdaClient(values, context);
    const functions: FunctionConfiguration[] = [];
    for await (const page of paginateListFunctions({ client }, {})) functions.push(...(page.Functions ?? []));
    if (context.output.format === 'json') {
      context.output.json(functions);
    } else {
      context.output.table(
        ['NAME', 'RUNTIME', 'MEMORY', 'TIMEOUT', 'CODE', 'MODIFIED'],
        functions.map(row),
        'No functions yet.',
      );
    }
    return exitCodes.ok;
  },
};

function row(entry: FunctionConfiguration): string[] {
  return [
    entry.FunctionName ?? '',
    entry.Runtime ?? entry.PackageType ?? '',
    `${entry.MemorySize} MB`,
    `${entry.Timeout} s`,
    `${Math.ceil((entry.CodeSize ?? 0) / 1024)} KB`,
    (entry.LastModified ?? '').slice(0, 19).replace('T', ' '),
  ];
}
