import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, writeFileSync } from 'node:fs';
import { SandboxError } from '../sandbox-error.ts';
import { findProgram, installCommand } from '../probe/programs.ts';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * A descriptor of a user namespace that maps the owner to `id`, for a mount to translate by. A namespace is made by a
 * process of one thread, which this one is not: a helper makes it, shows by an answer that it is in it, and ends.
 */
export async function openUserMapping(owner: Owner, id: number): Promise<number> {
  const unshare = findProgram('unshare');
  const cat = findProgram('cat');
  if (unshare === undefined || cat === undefined) {
    throw new SandboxError(`unshare is missing: ${installCommand('util-linux')}`, { fault: 'machine' });
  }
  const helper = spawn(unshare, ['--user', cat], { stdio: ['pipe', 'pipe', 'pipe'], env: {} });
  const ended = once(helper, 'close');
  try {
    helper.stdin.on('error', () => undefined).write('\n');
    const answer: unknown = await Promise.race([once(helper.stdout, 'data'), ended.then(() => undefined)]);
    if (answer === undefined) throw noNamespace(String(helper.stderr.read() ?? ''));
    writeFileSync(`/proc/${helper.pid}/uid_map`, `${owner.uid} ${id} 1\n`);
    writeFileSync(`/proc/${helper.pid}/gid_map`, `${owner.gid} ${id} 1\n`);
    return openSync(`/proc/${helper.pid}/ns/user`, 'r');
  } finally {
    helper.stdin.end();
    await ended;
  }
}

function noNamespace(complaint: string): SandboxError {
  return new SandboxError(
    `the kernel makes no user namespace, by which owners are translated: ${complaint.trim() || 'unshare failed'}`,
    { fault: 'machine' },
  );
}
