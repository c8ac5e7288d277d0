import { createHash } from 'node:crypto';
import type { ImageCode } from '../model/index.ts';
import { parseImageReference } from './image-reference.ts';

/**
 * Names an image on disk, for whoever counts what is in use. The registry's host is part of it: that somebody else's registry
 * claims to have an image does not open what this one gave.
 */
export function imageKey(code: ImageCode): string {
  return `image-${scopedHash(parseImageReference(code.resolvedUri).host, code.digestHex)}`;
}

/** A layer of one registry: shared by all of its images, and by no other registry's. */
export function layerKey(host: string, diffHex: string): string {
  return scopedHash(host, diffHex);
}

function scopedHash(host: string, digestHex: string): string {
  return createHash('sha256').update(`${host}\n${digestHex}`).digest('hex');
}
