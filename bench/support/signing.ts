/** A signed Invoke, made as the SDKs make it (AWS, "Create a signed AWS API request"), for the load generator. */
import { createHash, createHmac } from 'node:crypto';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const SIGNED_HEADERS = 'host;x-amz-date';

/** One whole request, good for the fifteen minutes that a signature lives. */
export function signedInvokeRequest(name: string, payload: string, credentials: Credentials): string {
  const path = `/2015-03-31/functions/${name}/invocations`;
  const timestamp = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const scope = `${timestamp.slice(0, 8)}/us-east-1/lambda/aws4_request`;
  const canonical = `POST\n${path}\n\nhost:127.0.0.1\nx-amz-date:${timestamp}\n\n${SIGNED_HEADERS}\n${sha256(payload)}`;
  const toSign = `AWS4-HMAC-SHA256\n${timestamp}\n${scope}\n${sha256(canonical)}`;
  let key: string | Buffer = `AWS4${credentials.secretAccessKey}`;
  for (const part of scope.split('/')) key = createHmac('sha256', key).update(part).digest();
  const signature = createHmac('sha256', key).update(toSign).digest('hex');
  const head = [
    `POST ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    `Authorization: AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${SIGNED_HEADERS}, Signature=${signature}`,
    `X-Amz-Date: ${timestamp}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(payload)}`,
  ];
  return `${head.join('\r\n')}\r\n\r\n${payload}`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
