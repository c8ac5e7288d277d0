import { describe, expect, test } from 'vitest';
import { mayLead, parseNamedRegistry, registryUrl } from './registry-address.ts';

describe('--registry', () => {
  test('takes an address, with a login where one stands in it', () => {
    expect(parseNamedRegistry('http://127.0.0.1:5000')).toEqual({ url: 'http://127.0.0.1:5000' });
    expect(parseNamedRegistry('https://me:p%40ss@registry.example/')).toEqual({
      url: 'https://registry.example',
      login: 'me:p@ss',
    });
  });

  test.each(['', '127.0.0.1:5000', 'ftp://h', 'http://h/path', 'http://h/?q', 'http://h/#f'])(
    'refuses %j',
    (given) => {
      expect(() => parseNamedRegistry(given)).toThrow('--registry takes the address of a registry');
    },
  );

  test('shows no password where it refuses', () => {
    expect(() => parseNamedRegistry('http://me:secret@h/path')).not.toThrow('secret');
  });
});

test.each([
  ['localhost:5000', 'http://localhost:5000'],
  ['127.0.0.9', 'http://127.0.0.9'],
  ['[::1]:5000', 'http://[::1]:5000'],
  ['registry.example', 'https://registry.example'],
  ['192.0.2.1:5000', 'https://192.0.2.1:5000'],
  ['docker.io', 'https://registry-1.docker.io'],
])('the registry of %s answers at %s', (host, url) => {
  expect(registryUrl(host, undefined).origin).toBe(url);
});

test('one that the operator named with http is asked so, wherever it is', () => {
  expect(registryUrl('192.0.2.1:5000', { url: 'http://192.0.2.1:5000' }).origin).toBe(
    'http://192.0.2.1:5000',
  );
});

test.each([
  ['https://a.example', 'https://b.example', true],
  ['https://a.example', 'https://a.example/elsewhere', true],
  ['https://a.example', 'http://b.example', false],
  ['https://a.example', 'https://127.0.0.1', false],
  ['https://a.example', 'https://localhost', false],
  ['https://a.example', 'https://2130706433', false],
  ['https://a.example', 'https://[::1]', false],
  ['https://a.example', 'https://[::ffff:127.0.0.1]', false],
  ['https://a.example', 'https://169.254.169.254', false],
  ['https://a.example', 'https://0.0.0.0', false],
  ['http://127.0.0.1:5000', 'http://127.0.0.1:6000', true],
  ['http://127.0.0.1:5000', 'http://169.254.169.254', false],
  ['http://127.0.0.1:5000', 'https://b.example', true],
])('%s may lead to %s: %s', (from, to, may) => {
  expect(mayLead(new URL(from), new URL(to))).toBe(may);
});
