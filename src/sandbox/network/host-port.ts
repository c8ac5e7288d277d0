import { connect, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import type { SandboxListener } from '../sandbox.ts';

/** The address inside every sandbox at which opened ports of the host stand; `/etc/hosts` names it. */
export const HOST_INSIDE = { name: 'host.docker.internal', address: '169.254.100.2' };

/**
 * Opens one TCP port of the host's loopback to a sandbox, at `host.docker.internal`. Where nothing listens on the host,
 * a connection is reset; nothing else of the host's loopback can be reached through it.
 */
export function hostPortListener(port: number): SandboxListener {
  return {
    host: HOST_INSIDE.address,
    port,
    onConnection: (socket) => joinConnection(socket, { host: '127.0.0.1', port }),
  };
}

/** Carries bytes both ways until both sides have ended, each at the other's pace; a reset on one side resets the other. */
export function joinConnection(socket: Socket, to: { readonly host: string; readonly port: number }): void {
  socket.allowHalfOpen = true;
  socket.pause();
  const upstream = connect({ ...to, allowHalfOpen: true, noDelay: true });
  upstream.once('error', () => socket.resetAndDestroy());
  socket.once('error', () => upstream.resetAndDestroy());
  socket.once('close', () => upstream.destroy());
  upstream.once('connect', () => pipeline(socket, upstream, socket, () => undefined));
}
