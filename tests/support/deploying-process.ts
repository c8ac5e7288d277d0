/**
 * A process to be killed: makes a function and updates, publishes and reconfigures it for ever, and prints the number that
 * stands in the code once the answer was given. Arguments: the folder; the number that is deployed already, 0 for
 * none.
 */
import { caller, openFixture, scope, zipOf } from './open-functions.ts';

const [folder = '', deployed = '0'] = process.argv.slice(2);
const { module } = await openFixture({ folder });
const key = { ...scope, name: 'hello' };
const code = (number: number) => ({ kind: 'zip', bytes: zipOf({ 'app.py': String(number) }) }) as const;

let number = Number(deployed);
if (number === 0) {
  number = 1;
  await module.functions.create(key, {
    configuration: {
      runtime: 'python3.12',
      handler: 'app.handler',
      roleArn: 'arn:aws:iam::000000000000:role/r',
    },
    architecture: 'x86_64',
    code: code(1),
    layerArns: [],
    tags: {},
    publish: true,
    caller,
  });
  process.stdout.write('1\n');
}
for (;;) {
  await module.settled();
  number += 1;
  await module.functions.updateCode(key, { code: code(number), publish: number % 2 === 0, dryRun: false });
  process.stdout.write(`${number}\n`);
  await module.settled();
  await module.functions.updateConfiguration(key, { change: { description: String(number) }, caller });
}
