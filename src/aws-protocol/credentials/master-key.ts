import { join } from 'node:path';
import { secretFile } from '../../base/index.ts';

/**
 * The key that secrets of sessions and of long-lived access keys derive from: 32 bytes in `master.key` of the data
 * folder. Whoever loses it loses all of them; whoever reads it can be anybody.
 */
export function readMasterKey(dataFolder: string): Buffer {
  return Buffer.from(secretFile(join(dataFolder, 'master.key'), 32), 'hex');
}
