import type { SessionCredentials } from '../../aws-protocol/index.ts';
import type { Clock } from '../../base/index.ts';
import type { Database } from '../../store/index.ts';

/** What STS's operations work with. */
export interface StsServices {
  readonly sessions: Pick<SessionCredentials, 'issue' | 'find'>;
  /** With `iamMigrations` applied: where roles are kept. */
  readonly database: Database;
  readonly clock: Clock;
}
