import { createLog, WallClock } from '../../base/index.ts';
import { describeSandboxContract, ociIsPossible } from '../sandbox.contract.ts';
import { createOciSandboxFactory } from './oci-factory.ts';

const log = createLog('warn');
const clock = new WallClock();

describeSandboxContract('an OCI sandbox', await ociIsPossible(), (stateDir) =>
  createOciSandboxFactory({ stateDir, log, clock }),
);
