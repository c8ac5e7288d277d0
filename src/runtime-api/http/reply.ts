const reasons = {
  200: 'OK',
  202: 'Accepted',
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  413: 'Request Entity Too Large',
  431: 'Request Header Fields Too Large',
  501: 'Not Implemented',
  505: 'HTTP Version Not Supported',
} as const;

export type ReplyStatus = keyof typeof reasons;

/**
 * What is written to a connection. A string stands for bytes, one a character (latin1): those go out in one `write`, where
 * buffers cost an allocation and a `writev`.
 */
export type ReplyPart = string | Buffer;

/** A whole HTTP answer with a JSON body. */
export function jsonReply(status: ReplyStatus, body: object): string {
  return textReply(status, 'application/json', JSON.stringify(body));
}

export function textReply(status: ReplyStatus, contentType: string, body: string): string {
  const bytes = Buffer.from(body).toString('latin1');
  return `HTTP/1.1 ${status} ${reasons[status]}\r\nContent-Type: ${contentType}\r\nContent-Length: ${bytes.length}\r\n\r\n${bytes}`;
}

/** A refusal in the Runtime API's own form. */
export function errorReply(status: ReplyStatus, errorType: string, errorMessage: string): string {
  return jsonReply(status, { errorMessage, errorType });
}
