import type { Clock } from '../../base/index.ts';
import type { NamedRegistry } from '../../images/index.ts';

/** What ECR's operations work with. */
export interface EcrServices {
  /** The registry that the operator named; absent where none was. */
  readonly registry: NamedRegistry | undefined;
  readonly clock: Clock;
}
