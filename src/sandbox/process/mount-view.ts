import type { SandboxMount } from '../sandbox.ts';

/** Where a path of the assembled root is found on the host: below the mount that holds it, else as it is. */
export function hostPathOf(target: string, mounts: readonly SandboxMount[]): string {
  let best: SandboxMount | undefined;
  for (const mount of mounts) {
    const holds = target === mount.target || target.startsWith(`${mount.target}/`);
    if (holds && mount.target.length > (best?.target.length ?? 0)) best = mount;
  }
  return best ? best.source + target.slice(best.target.length) : target;
}
