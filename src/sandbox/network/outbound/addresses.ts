/**
 * Addresses of the router's own networks. 198.18.0.0/15 is set apart for benchmarks (RFC 2544), so no user's LAN, VPN
 * or cloud uses it; and since it exists only inside the router and the sandboxes, servers side by side share it.
 */
export const OWN_NETWORK = '198.18.0.0/15';
/** The router, as every sandbox sees it: gateway and DNS server. */
export const GATEWAY = '198.19.255.254';
/** The router's end of the uplink, and what `pasta` answers for at the other end. */
export const UPLINK = { address: '198.19.255.250', gateway: '198.19.255.249', netmask: '255.255.255.252' };

const MOST_SANDBOXES = 0x1feff;

/** Hands out the numbers of sandboxes; a number comes again as late as possible, since the kernel tears down late. */
export class NumberPool {
  readonly #taken = new Set<number>();
  #last = 0;

  take(): number {
    this.#last = this.#after(this.#last);
    while (this.#taken.has(this.#last)) this.#last = this.#after(this.#last);
    this.#taken.add(this.#last);
    return this.#last;
  }

  release(number: number): void {
    this.#taken.delete(number);
  }

  #after(number: number): number {
    return number >= MOST_SANDBOXES ? 1 : number + 1;
  }
}

/** The address of the sandbox with this number, from 198.18.0.1 up to 198.19.254.255. */
export function sandboxAddress(number: number): string {
  return ['198', 18 + (number >> 16), (number >> 8) & 0xff, number & 0xff].join('.');
}
