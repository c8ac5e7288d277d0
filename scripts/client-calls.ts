import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServiceName } from '../src/aws-protocol/index.ts';

/** The texts of the tests, one per file. */
export type Calls = readonly string[];

const packages: Readonly<Record<ServiceName, string>> = {
  lambda: '@aws-sdk/client-lambda',
  logs: '@aws-sdk/client-cloudwatch-logs',
  'application-autoscaling': '@aws-sdk/client-application-auto-scaling',
  sts: '@aws-sdk/client-sts',
  iam: '@aws-sdk/client-iam',
  ecr: '@aws-sdk/client-ecr',
  xray: '@aws-sdk/client-xray',
  ec2: '@aws-sdk/client-ec2',
};

/** Whether the CLI, boto3 and the JavaScript SDK call the operation in a test; operations of two services share names. */
export function callers(service: ServiceName, operation: string, calls: Calls): readonly boolean[] {
  const kebab = operation
    .replaceAll(/(?<=[a-z0-9])[A-Z]|(?<=[A-Z])[A-Z](?=[a-z])/g, (letter) => `-${letter}`)
    .toLowerCase();
  const snake = kebab.replaceAll('-', '_');
  const viaCli = (text: string) => text.includes(`'${service}'`) && text.includes(`'${kebab}'`);
  const boto3Call = new RegExp(`\\.${snake}\\b|get_paginator\\('${snake}'\\)`);
  const viaBoto3 = (text: string) => usesBoto3(service, text) && boto3Call.test(text);
  const viaSdk = (text: string) => text.includes(packages[service]) && text.includes(`${operation}Command(`);
  return [viaCli, viaBoto3, viaSdk].map((via) => calls.some(via));
}

/** `client()` of `checks.py` is Lambda's where nothing else is said. */
function usesBoto3(service: ServiceName, text: string): boolean {
  if (text.includes(`client('${service}'`)) return true;
  return service === 'lambda' && text.includes('from checks import');
}

/** Every test under the folders, in an order that does not depend on the machine. */
export function readCalls(folders: readonly string[]): Calls {
  return folders
    .flatMap((folder) => readdirSync(folder, { withFileTypes: true, recursive: true }))
    .filter((entry) => entry.isFile() && /\.(test\.ts|py)$/.test(entry.name))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
}
