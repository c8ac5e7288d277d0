import type { LaunchFacts } from '../runtimes/index.ts';
import type { InsideView } from '../sandbox/index.ts';

/** The addresses that every environment is told: its first listener is the Runtime API, its second Hearth itself. */
export function addressesInside(inside: InsideView): Pick<LaunchFacts, 'runtimeApiAddress' | 'endpointUrl'> {
  return {
    runtimeApiAddress: inside.listenerAddress(0),
    endpointUrl: `http://${inside.listenerAddress(1)}`,
  };
}
