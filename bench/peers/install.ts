import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { HANDLERS } from '../support/lambda-client.ts';

/**
 * The newest that run without an account: version 4 of `serverless` wants a login, and version 14 of `serverless-offline` wants
 * that.
 */
export const peerVersions = {
  serverless: '3.40.0',
  'serverless-offline': '13.9.0',
  'lambda-local': '2.2.0',
} as const;

const folder = join(import.meta.dirname, '../../.cache/peers');

/** Installs the peers into `.cache/peers`, with one function for them, and resolves with the folder. */
export async function installPeers(coldFunctions: number): Promise<string> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: peerVersions }));
  writeFileSync(join(folder, 'index.js'), HANDLERS.nodejs.code);
  writeFileSync(join(folder, 'serverless.yml'), serverlessConfiguration(coldFunctions));
  const options = ['--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund'];
  await promisify(execFile)('npm', ['install', ...options]);
  return folder;
}

/** JSON is YAML. */
function serverlessConfiguration(coldFunctions: number): string {
  const handler = { handler: 'index.handler' };
  const cold = Array.from({ length: coldFunctions }, (_, index) => [`cold-${index}`, handler]);
  return JSON.stringify({
    service: 'peers',
    frameworkVersion: '3',
    provider: { name: 'aws', runtime: 'nodejs20.x', memorySize: 1_769 },
    plugins: ['serverless-offline'],
    functions: { echo: handler, ...Object.fromEntries(cold) },
  });
}
