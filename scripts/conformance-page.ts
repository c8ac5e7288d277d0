import { join } from 'node:path';
import type { MemberStatus } from '../src/api/index.ts';
import {
  autoscalingOperations,
  ecrOperations,
  ec2Operations,
  iamOperations,
  lambdaOperations,
  logsOperations,
  stsOperations,
  xrayOperations,
} from '../src/api/index.ts';
import { loadServiceModel, type ServiceName } from '../src/aws-protocol/index.ts';
import { invokeMembers } from '../src/edge/index.ts';
import { type Calls, callers, readCalls } from './client-calls.ts';
import { byArea } from './operation-groups.ts';

interface ServedOperation {
  readonly name: string;
  readonly members?: MemberStatus;
}

interface Service {
  readonly name: ServiceName;
  readonly title: string;
  readonly operations: readonly ServedOperation[];
}

/** Invocations have a path of their own in front of the dispatcher. */
const services: readonly Service[] = [
  {
    name: 'lambda',
    title: 'AWS Lambda',
    operations: [
      ...lambdaOperations,
      { name: 'Invoke', members: invokeMembers },
      { name: 'InvokeWithResponseStream' },
    ],
  },
  { name: 'logs', title: 'CloudWatch Logs', operations: logsOperations },
  {
    name: 'application-autoscaling',
    title: 'Application Auto Scaling',
    operations: autoscalingOperations,
  },
  { name: 'sts', title: 'STS', operations: stsOperations },
  { name: 'iam', title: 'IAM', operations: iamOperations },
  { name: 'ecr', title: 'ECR', operations: ecrOperations },
  { name: 'ec2', title: 'EC2', operations: ec2Operations },
  { name: 'xray', title: 'X-Ray', operations: xrayOperations },
];

/** The text of CONFORMANCE.md: operation by operation what works, from the code that decides and the tests that call. */
export function conformancePage(): string {
  const calls = readCalls(['src', 'tests'].map((folder) => join(import.meta.dirname, '..', folder)));
  return [introduction, overview(), ...services.map((service) => section(service, calls))].join('\n');
}

const introduction = `# Conformance

What of AWS's APIs Hearth answers. This page is made by \`npm run conformance\` from the service models, the operations in \`src/api\` and the
tests; a test fails when it is out of date.

- **Served**: the operation works with all its members, except those that stand under "Refused members" and "Stored members". Shapes, states,
  error types, messages and envelopes are those recorded from AWS; \`tests/conformance\` checks them on the wire.
- **Refused**: the call fails with 501 \`NotImplemented\`, naming operation and member; "by value" where only some values do. Nothing is
  accepted and ignored.
- **Stored**: kept and shown, ahead of its effect.
- A client is ticked where a test calls the operation with it: the AWS CLI (versions 1 and 2), boto3, the AWS SDK for JavaScript.
`;

function overview(): string {
  const rows = services.map(({ name, title, operations }) => {
    const all = loadServiceModel(name).operationNames.length;
    return `| ${title} | ${operations.length} | ${unserved({ name, operations }).length || 'none'} | ${all} |`;
  });
  return `${table(['service', 'served', 'answered 501', 'in the model'], rows)}\n`;
}

function section({ name, title, operations }: Service, calls: Calls): string {
  const missing = unserved({ name, operations });
  return [
    `## ${title}\n`,
    ...served(name, operations, calls),
    ...refusals(operations),
    ...storedMembers(operations),
    ...(missing.length > 0 ? ['### Operations answered 501\n', ...listed(name, missing), ''] : []),
  ].join('\n');
}

function unserved({ name, operations }: Pick<Service, 'name' | 'operations'>): readonly string[] {
  const names = new Set(operations.map((operation) => operation.name));
  return loadServiceModel(name).operationNames.filter((operation) => !names.has(operation));
}

function served(
  service: ServiceName,
  operations: readonly ServedOperation[],
  calls: Calls,
): readonly string[] {
  const names = operations.map(({ name }) => name).sort();
  return grouped(service, names).flatMap(([group, members]) => [
    ...(group === '' ? [] : [`### ${group}\n`]),
    table(
      ['operation', 'CLI', 'boto3', 'JavaScript'],
      members.map((name) => row(service, name, calls)),
    ),
    '',
  ]);
}

function listed(service: ServiceName, names: readonly string[]): readonly string[] {
  return grouped(service, names).map(
    ([group, members]) => `- ${group === '' ? '' : `**${group}**: `}${members.join(', ')}`,
  );
}

function grouped(service: ServiceName, names: readonly string[]): readonly [string, readonly string[]][] {
  if (service !== 'lambda') return [['', names]];
  return [...byArea(names)].filter(([, members]) => members.length > 0);
}

/** One line for what several operations have alike. */
class Lines {
  readonly #operations = new Map<string, string[]>();

  add(operation: string, member: string, ...cells: readonly string[]): void {
    const key = JSON.stringify([`\`${member}\``, ...cells.map(escaped)]);
    this.#operations.set(key, [...(this.#operations.get(key) ?? []), operation]);
  }

  render(title: string, columns: readonly string[]): readonly string[] {
    if (this.#operations.size === 0) return [];
    const rows = [...this.#operations].map(([key, operations]) => {
      const [member, ...cells] = JSON.parse(key) as string[];
      return `| ${[member, operations.join(', '), ...cells].join(' | ')} |`;
    });
    return [`### ${title}\n`, table(columns, rows), ''];
  }
}

function refusals(operations: readonly ServedOperation[]): readonly string[] {
  const lines = new Lines();
  for (const { name, members } of operations) {
    for (const [member, { when, hint }] of Object.entries(members?.refused ?? {})) {
      lines.add(name, member, when ? 'by value' : 'always', hint);
    }
  }
  return lines.render('Refused members', ['member', 'of', 'refused', 'what to do']);
}

function storedMembers(operations: readonly ServedOperation[]): readonly string[] {
  const lines = new Lines();
  for (const { name, members } of operations) {
    for (const [member, why] of Object.entries(members?.stored ?? {})) lines.add(name, member, why);
  }
  return lines.render('Stored members', ['member', 'of', 'why']);
}

function table(columns: readonly string[], rows: readonly string[]): string {
  return [`| ${columns.join(' | ')} |`, `|${'---|'.repeat(columns.length)}`, ...rows].join('\n');
}

function row(service: ServiceName, operation: string, calls: Calls): string {
  const ticks = callers(service, operation, calls).map((called) => (called ? '✓' : ''));
  return `| ${[operation, ...ticks].join(' | ')} |`;
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|');
}
