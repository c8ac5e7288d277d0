import type { SandboxCapabilities } from '../sandbox.ts';

/** What a plain process leaves open, told plainly: whoever starts it should know. */
export function processCapabilities(asRoot: boolean): SandboxCapabilities {
  const enforced = ['files', 'freeze', ...(asRoot ? ['users', 'read-only-mounts'] : [])];
  return {
    kind: 'process',
    enforced,
    lateBinding: false,
    cannotFork: CANNOT_FORK,
    gaps: [...GAPS, CANNOT_FORK, ...(asRoot ? GAPS_AS_ROOT : GAPS_AS_USER), ...measured()],
  };
}

const CANNOT_FORK =
  'Only the oci sandbox forks a process into an isolation of its own (see hearth doctor); with the process sandbox forks would share what must be apart.';

const GAPS = [
  'Memory is not limited: a function may use all of the machine.',
  'CPU time is not limited, so it does not follow the memory size.',
  'The number of processes is not limited, and a process that leaves its group is not frozen with the others.',
  'The size of /tmp is not limited. /tmp is the folder that TMPDIR names, and /var/task, /opt and /var/runtime are' +
    ' at other paths.',
  'Files are not hidden: a function reads and writes whatever the user it runs as may.',
  'The network is the machine’s: two functions cannot listen on one port, each reaches every port of this machine,' +
    ' and other processes reach the Runtime API. The names sandbox and sandbox.localdomain do not resolve: an' +
    ' extension has to listen for telemetry at 127.0.0.1.',
  'System calls are not filtered.',
];

const GAPS_AS_ROOT = [
  'What lies in folders closed to other users is linked or copied for functions, and later changes are not seen.',
];

const GAPS_AS_USER = [
  'Functions run as the user who started Hearth: they can change their own code, each other’s files and Hearth’s data.',
];

function measured(): readonly string[] {
  if (process.platform !== 'linux') return ['Memory and CPU time of functions are not measured.'];
  return ['Memory and CPU time are measured for the first process of a function and what it waited for.'];
}
