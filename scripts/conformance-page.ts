import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadServiceModel, type ServiceModel, type ServiceName } from '../src/aws-protocol/index.ts';
import type { MemberStatus } from '../src/api/index.ts';
import { iamOperations, lambdaOperations, logsOperations, stsOperations } from '../src/api/index.ts';
import { invokeMembers } from '../src/edge/index.ts';

interface ServedOperation {
  readonly name: string;
  readonly members?: MemberStatus;
}

interface Service {
  readonly name: ServiceName;
  readonly title: string;
  readonly operations: readonly ServedOperation[];
}

/** Invoke has a path of its own in front of the dispatcher. */
const services: readonly Service[] = [
  {
    name: 'lambda',
    title: 'AWS Lambda',
    operations: [...lambdaOperations, { name: 'Invoke', members: invokeMembers }],
  },
  { name: 'logs', title: 'CloudWatch Logs', operations: logsOperations },
  { name: 'sts', title: 'STS', operations: stsOperations },
  { name: 'iam', title: 'IAM', operations: iamOperations },
];

const testsFolder = join(import.meta.dirname, '../tests');

/** The text of CONFORMANCE.md: operation by operation what works, from the code that decides and the tests that call. */
export function conformancePage(): string {
  const calls = readTests(testsFolder);
  return `${introduction}\n${services.map((service) => section(service, calls)).join('\n')}`;
}

const introduction = `# Conformance

Made by \`npm run conformance\` from the service models, the operations in \`src/api\`, and the tests. A member that is not listed as refused or stored
takes effect. Refused: the call fails with 501 \`NotImplemented\` that names operation and member (where a condition is given, only
then). Stored: kept and shown, ahead of its effect. "Called by" names the real clients whose calls the tests make: the AWS CLI, boto3, the AWS SDK
for JavaScript. Operations that stand in no table are answered 501 by name.
`;

function section({ name, title, operations }: Service, calls: string): string {
  const model = loadServiceModel(name);
  const served = new Map(operations.map((operation) => [operation.name, operation]));
  const names = [...new Set([...model.operationNames, ...served.keys()])].sort();
  const rows = names
    .filter((operation) => served.has(operation))
    .map((operation) => row(model, served.get(operation) ?? { name: operation }, calls));
  const missing = names.filter((operation) => !served.has(operation));
  return [
    `## ${title}\n`,
    `${rows.length} operations are served${missing.length > 0 ? `, ${missing.length} are answered 501 for now` : ''}.\n`,
    '| operation | members | refused | stored | called by |',
    '|---|---|---|---|---|',
    ...rows,
    ...(missing.length > 0 ? [`\nAnswered 501: ${missing.join(', ')}.`] : []),
    '',
  ].join('\n');
}

function row(model: ServiceModel, operation: ServedOperation, calls: string): string {
  const members = model.operation(operation.name)?.input?.members.map((member) => member.name) ?? [];
  const refused = Object.entries(operation.members?.refused ?? {}).map(
    ([path, { when, hint }]) => `${path}${when ? ' (by value)' : ''}: ${hint}`,
  );
  const stored = Object.entries(operation.members?.stored ?? {}).map(([path, why]) => `${path}: ${why}`);
  const cells = [
    operation.name,
    members.join(', '),
    refused.join('<br>'),
    stored.join('<br>'),
    callers(operation.name, calls),
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function callers(operation: string, calls: string): string {
  const kebab = operation
    .replaceAll(/(?<=[a-z0-9])[A-Z]|(?<=[A-Z])[A-Z](?=[a-z])/g, (letter) => `-${letter}`)
    .toLowerCase();
  const found = [
    ['CLI', `'${kebab}'`],
    ['boto3', `.${kebab.replaceAll('-', '_')}(`],
    ['JS', `${operation}Command(`],
  ].filter(([, call = '']) => calls.includes(call));
  return found.map(([client]) => client).join(', ');
}

function readTests(folder: string): string {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(ts|py)$/.test(entry.name))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');
}
