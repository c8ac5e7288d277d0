import { findProgram, installCommand } from '../../probe/programs.ts';

/** Absolute paths of the programs that outbound traffic needs. */
export interface OutboundPrograms {
  readonly nft: string;
  readonly pasta: string;
  readonly nsenter: string;
  readonly setpriv: string;
}

const PACKAGES = { nft: 'nftables', pasta: 'passt', nsenter: 'util-linux', setpriv: 'util-linux' };

/** Finds the programs; throws an error that names what is missing and the command that installs it. */
export function findOutboundPrograms(find = findProgram): OutboundPrograms {
  const missing = new Set<keyof typeof PACKAGES>();
  const path = (name: keyof typeof PACKAGES): string => {
    const found = find(name);
    if (found === undefined) missing.add(name);
    return found ?? name;
  };
  const programs = {
    nft: path('nft'),
    pasta: path('pasta'),
    nsenter: path('nsenter'),
    setpriv: path('setpriv'),
  };
  if (missing.size === 0) return programs;
  const packages = new Set([...missing].map((name) => PACKAGES[name]));
  const verb = missing.size === 1 ? 'is' : 'are';
  const install = installCommand([...packages].join(' '));
  throw new Error(`${[...missing].join(' and ')} ${verb} not installed (${install})`);
}
