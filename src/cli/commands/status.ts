import type { PoolSummary, ServerStatus } from '../../server/index.ts';
import { type Command, exitCodes } from '../command.ts';
import { control, controlFlags } from '../control.ts';
import type { Output } from '../output.ts';

export const status: Command = {
  name: 'status',
  summary: 'What the server holds and runs',
  flags: controlFlags,
  examples: ['hearth status', 'hearth status --output json'],
  async run(values, _args, context) {
    const answer = (await control(values, context, { method: 'GET', path: 'status' })) as ServerStatus;
    if (context.output.format === 'json') context.output.json(answer);
    else print(answer, context.output);
    return exitCodes.ok;
  },
};

function print(server: ServerStatus, output: Output): void {
  const { requests, environments } = server;
  const facts: readonly (readonly [string, string])[] = [
    ['Address', `${server.endpoint}, process ${server.pid}`],
    ['Version', server.version],
    ['Up', `${duration(server.upSeconds)}, since ${server.startedAt.slice(0, 19).replace('T', ' ')} UTC`],
    ['Data', `${server.dataFolder} (${server.store})`],
    ['Sandbox', server.sandbox],
    ['Auth', server.auth],
    ['Memory', `${server.memoryMiB} MiB, without environments`],
    ['Requests', `${grouped(requests.served)} answered, ${requests.inFlight} in progress`],
    [
      'Functions',
      `${grouped(server.functions)}, ${grouped(server.versions)} published versions, ${grouped(server.layers)} layers`,
    ],
    [
      'Running',
      `${environments.live === 1 ? '1 environment' : `${grouped(environments.live)} environments`}, ${environments.busy} busy`,
    ],
    ...(environments.pool ? [['Waiting', poolText(environments.pool)] as const] : []),
  ];
  for (const [name, value] of facts) output.line(`${output.style('bold', name.padEnd(11))}${value}`);
  if (environments.byVersion.length === 0) return;
  output.line();
  output.table(
    ['FUNCTION', 'VERSION', 'ACCOUNT', 'REGION', 'ENVIRONMENTS', 'LIMIT EACH', 'USED'],
    environments.byVersion.map((one) => [
      one.function,
      one.version,
      one.account,
      one.region,
      Object.entries(one.states)
        .map(([state, count]) => `${count} ${state}`)
        .join(', '),
      `${grouped(one.memoryMiB)} MiB`,
      `${grouped(one.usedMiB)} MiB`,
    ]),
    '',
  );
}

function poolText({ ready, starting, usedMiB, byRuntime }: PoolSummary): string {
  const each = Object.entries(byRuntime).map(([runtime, count]) => `${count} ${runtime}`);
  const made = ready === 0 ? 'nothing' : `${each.join(', ')}; ${grouped(usedMiB)} MiB`;
  return `${made}${starting > 0 ? `, ${starting} starting` : ''}, for the next cold starts`;
}

/** The two largest units: `2 d 4 h`, `13 min 5 s`. */
function duration(seconds: number): string {
  const units = [
    [86_400, 'd'],
    [3_600, 'h'],
    [60, 'min'],
    [1, 's'],
  ] as const;
  let rest = seconds;
  const parts = units.map(([size, unit]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return { count, unit };
  });
  const first = parts.findIndex(({ count }) => count > 0);
  if (first < 0) return '0 s';
  return parts
    .slice(first, first + 2)
    .map(({ count, unit }) => `${count} ${unit}`)
    .join(' ');
}

function grouped(value: number): string {
  return value.toLocaleString('en-US');
}
