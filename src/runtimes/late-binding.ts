import { type FunctionVersion, limits } from '../model/index.ts';
import type { InsideView, SandboxMount } from '../sandbox/index.ts';
import { genericEnvironmentOf } from './environment-variables.ts';
import type { RuntimeFamily } from './identifiers.ts';
import type { LateBinding } from './launch.ts';

/** Variables that a program reads once, at its start: by name, or all that begin so. */
const READ_AT_START: readonly { readonly names: RegExp; readonly reader: string }[] = [
  { names: /^AWS_LAMBDA_EXEC_WRAPPER$/, reader: 'the wrapper script starts the runtime' },
  { names: /^(LD_|GLIBC_|MALLOC_)/, reader: 'the loader and the C library read it when a program starts' },
  { names: /^(LANG|LANGUAGE|LC_\w+)$/, reader: 'the interpreter chooses its locale when it starts' },
  { names: /^TZ$/, reader: 'the interpreter reads its time zone when it starts' },
  { names: /^(OPENSSL_|SSL_CERT_)/, reader: 'OpenSSL is configured when the interpreter starts' },
];

const READ_AT_START_BY: Readonly<Record<string, typeof READ_AT_START>> = {
  nodejs: [
    { names: /^NODE_(?!ENV$)/, reader: 'Node.js reads it when it starts' },
    { names: /^HOME$/, reader: 'Node.js looks for modules there from its start' },
    { names: /^UV_/, reader: 'libuv reads it when Node.js starts' },
  ],
  python: [{ names: /^PYTHON/, reader: 'Python reads it when it starts' }],
};

/**
 * Why this version's interpreter has to be started for it alone, one clause; undefined where one that was started ahead
 * of need, without knowing the function, can serve it with no difference that counts.
 */
export function reasonToStartFromScratch(
  version: Pick<FunctionVersion, 'environment' | 'ephemeralStorageMiB'>,
  family: RuntimeFamily,
): string | undefined {
  const own = READ_AT_START_BY[family.kind];
  if (own === undefined) return 'the runtime is not one that Hearth starts itself';
  if (version.ephemeralStorageMiB !== limits.ephemeralStorageMiB.min)
    return `/tmp of ${version.ephemeralStorageMiB} MB is another size than the one kept ready`;
  for (const name of Object.keys(version.environment ?? {})) {
    const reader = [...READ_AT_START, ...own].find(({ names }) => names.test(name))?.reader;
    if (reader !== undefined) return `the function sets ${name}: ${reader}`;
  }
  return undefined;
}

interface GenericParts {
  readonly command: (inside: InsideView) => readonly [string, ...string[]];
  readonly mounts: readonly SandboxMount[];
  readonly madeOf: readonly string[];
}

/** How the environments of this version can be made of one that waits without a function, or why they cannot. */
export function lateBindingOf(
  version: FunctionVersion,
  family: RuntimeFamily,
  { command, mounts, madeOf }: GenericParts,
): LateBinding {
  const reason = reasonToStartFromScratch(version, family);
  if (reason !== undefined) return { fromScratch: reason };
  const plain = command({ path: (target) => target, listenerAddress: () => '' });
  return {
    generic: {
      shape: JSON.stringify([version.runtime, plain, madeOf]),
      runtime: version.runtime,
      mounts,
      madeOf,
      program: (inside, facts) => ({
        command: command(inside),
        env: genericEnvironmentOf(family, { inside, facts }),
        cwd: inside.path('/var/task'),
      }),
    },
  };
}
