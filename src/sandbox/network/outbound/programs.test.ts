import { expect, test } from 'vitest';
import { findOutboundPrograms } from './programs.ts';

test('missing programs are named together, with the command that installs their packages', () => {
  const find = (name: string) => (name === 'nft' || name === 'pasta' ? undefined : `/usr/bin/${name}`);
  expect(() => findOutboundPrograms(find)).toThrow(/^nft and pasta are not installed \(.*nftables passt\)$/);
});

test('programs that are there are given by their paths', () => {
  expect(findOutboundPrograms((name) => `/opt/${name}`)).toMatchObject({
    nft: '/opt/nft',
    pasta: '/opt/pasta',
  });
});
