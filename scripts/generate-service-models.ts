/**
 * Writes src/aws-protocol/model/*.generated.json: the operations, shapes and constraints of the AWS services that
 * Hearth answers, from the public API model inside botocore and, for Lambda, the newer operations and members that
 * `@aws-sdk/client-lambda` exports. Run by hand, results committed:
 *
 *   node scripts/generate-service-models.ts "$(python3 -c 'import botocore,os;print(os.path.dirname(botocore.__file__))')"
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import * as sdk from '@aws-sdk/client-lambda';
import { type Model, type RawModel, reduceModel } from './service-models/botocore.ts';
import { applyOverlay } from './service-models/lambda-overlay.ts';
import { mergeNewer } from './service-models/sdk-schemas.ts';
import { served } from './service-models/served.ts';

const target = join(import.meta.dirname, '../src/aws-protocol/model');
const botocore = process.argv[2];
if (botocore === undefined) throw new Error('Name the folder of the botocore package.');

for (const service of [
  'lambda',
  'logs',
  'application-autoscaling',
  'sts',
  'iam',
  'ecr',
  'xray',
  'ec2',
] as const) {
  const model = reduceModel(service, newestModel(botocore, service), served[service]);
  write(service === 'lambda' ? applyOverlay(mergeNewer(model, sdk)) : model);
}

function newestModel(folder: string, service: string): RawModel {
  const versions = readdirSync(join(folder, 'data', service)).sort();
  const newest = versions.at(-1);
  if (newest === undefined) throw new Error(`botocore has no ${service}`);
  const packed = readFileSync(join(folder, 'data', service, newest, 'service-2.json.gz'));
  return JSON.parse(gunzipSync(packed).toString('utf8')) as RawModel;
}

function write(model: Model): void {
  const text = `{"service":${JSON.stringify(model.service)},\n"metadata":${JSON.stringify(model.metadata)},
"operations":{\n${lines(model.operations)}\n},\n"others":${JSON.stringify(model.others)},
"shapes":{\n${lines(model.shapes)}\n}}\n`;
  writeFileSync(join(target, `${model.service}.generated.json`), text);
  console.log(
    `${model.service}: ${Object.keys(model.operations).length} operations, ${Object.keys(model.shapes).length} shapes, ${text.length} bytes`,
  );
}

function lines(table: Readonly<Record<string, unknown>>): string {
  return Object.entries(table)
    .map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)
    .join(',\n');
}
