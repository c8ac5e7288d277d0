import { describe, expect, test } from 'vitest';
import { familyOf } from './identifiers.ts';
import { reasonToStartFromScratch } from './late-binding.ts';

function reason(
  runtime: string,
  environment: Readonly<Record<string, string>>,
  ephemeralStorageMiB = 512,
): string | undefined {
  const family = familyOf(runtime);
  if (!family) throw new Error(`no runtime ${runtime}`);
  return reasonToStartFromScratch({ environment, ephemeralStorageMiB }, family);
}

describe('what a program reads only at its start wants a start of its own', () => {
  test.each([
    ['nodejs24.x', 'NODE_OPTIONS', 'Node.js reads it when it starts'],
    ['nodejs24.x', 'NODE_EXTRA_CA_CERTS', 'Node.js reads it when it starts'],
    ['nodejs24.x', 'NODE_PATH', 'Node.js reads it when it starts'],
    ['nodejs24.x', 'HOME', 'Node.js looks for modules there from its start'],
    ['nodejs24.x', 'UV_THREADPOOL_SIZE', 'libuv reads it when Node.js starts'],
    ['nodejs24.x', 'SSL_CERT_FILE', 'OpenSSL is configured when the interpreter starts'],
    ['python3.12', 'PYTHONPATH', 'Python reads it when it starts'],
    ['python3.12', 'PYTHONHASHSEED', 'Python reads it when it starts'],
    ['python3.12', 'LD_LIBRARY_PATH', 'the loader and the C library read it when a program starts'],
    ['python3.12', 'LD_PRELOAD', 'the loader and the C library read it when a program starts'],
    ['python3.12', 'MALLOC_ARENA_MAX', 'the loader and the C library read it when a program starts'],
    ['python3.12', 'LANG', 'the interpreter chooses its locale when it starts'],
    ['nodejs22.x', 'LC_ALL', 'the interpreter chooses its locale when it starts'],
    ['nodejs22.x', 'TZ', 'the interpreter reads its time zone when it starts'],
    ['nodejs22.x', 'AWS_LAMBDA_EXEC_WRAPPER', 'the wrapper script starts the runtime'],
  ])('%s with %s', (runtime, name, why) => {
    expect(reason(runtime, { FINE: '1', [name]: 'x' })).toBe(`the function sets ${name}: ${why}`);
  });

  test('/tmp of another size', () => {
    expect(reason('nodejs24.x', {}, 1_024)).toBe('/tmp of 1024 MB is another size than the one kept ready');
  });

  test('a runtime of the function’s own', () => {
    expect(reason('provided.al2023', {})).toBe('the runtime is not one that Hearth starts itself');
  });
});

test('everything else is set late', () => {
  const environment = { NODE_ENV: 'production', PATH: '/opt/bin', TABLE: 't', SOLD_: '' };
  expect(reason('nodejs24.x', environment)).toBeUndefined();
  expect(reason('python3.13', environment)).toBeUndefined();
  expect(reason('python3.13', { NODE_OPTIONS: '--inspect' })).toBeUndefined();
  expect(reason('nodejs24.x', { PYTHONPATH: '/opt' })).toBeUndefined();
});
