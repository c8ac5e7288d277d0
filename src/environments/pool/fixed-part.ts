import type { Socket } from 'node:net';
import type { GenericLaunch } from '../../runtimes/index.ts';
import type { SandboxSpec } from '../../sandbox/index.ts';

/** The part of a sandbox that has to stand before it is known what will run in it. */
export type FixedSpec = Omit<
  SandboxSpec,
  'id' | 'program' | 'mounts' | 'lateMountPoints' | 'onRuntimeSocket'
>;

/** Without what belongs to one start: kept for long, it must hold nothing of a function alive. */
export function fixedPartOf(spec: SandboxSpec): FixedSpec {
  const { id: _id, program: _program, mounts: _mounts, onRuntimeSocket: _onSocket, ...rest } = spec;
  return unbound(rest);
}

/** With listeners that serve nobody yet. */
export function unbound(fixed: FixedSpec): FixedSpec {
  const { listeners: bound } = fixed;
  const listeners = bound.map(({ host, port }) => ({
    host,
    port,
    onConnection: (socket: Socket) => void socket.destroy(),
  }));
  return { ...fixed, listeners };
}

/** Equal where one may stand in for the other. Memory is not in it: that limit can be changed. */
export function keyOf(launch: GenericLaunch, fixed: FixedSpec): string {
  return JSON.stringify([launch.shape, { ...fixed, memoryBytes: 0 }]);
}
