import { createLog } from '../../base/index.ts';
import { describeSandboxContract } from '../sandbox.contract.ts';
import { createProcessSandboxFactory } from './process-factory.ts';

const log = createLog('warn');

describeSandboxContract('a process sandbox', true, (stateDir) =>
  createProcessSandboxFactory({ stateDir, log }),
);
