import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { respondJson } from './http/respond.ts';

/** Signed links that anyone may follow who holds one: the code of functions and layers. */
export interface Downloads {
  /** Every path that begins with this is a download. */
  readonly prefix: string;
  /** The file that a path with its query string opens; undefined where the link is forged, stale or dead. */
  verify(url: string): { readonly filePath: string } | undefined;
}

export async function serveDownload(
  downloads: Downloads,
  url: string,
  response: ServerResponse,
): Promise<void> {
  const file = downloads.verify(url);
  if (!file) return respondJson(response, 403, { message: 'Request has expired or is not valid.' });
  const { size } = await stat(file.filePath);
  response.writeHead(200, { 'Content-Type': 'application/zip', 'Content-Length': String(size) });
  await pipeline(createReadStream(file.filePath, { end: Math.max(0, size - 1) }), response);
}
