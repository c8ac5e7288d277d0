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

/** A whole HTTP answer with a JSON body. */
export function jsonReply(status: ReplyStatus, body: object): Buffer {
  return textReply(status, 'application/json', JSON.stringify(body));
}

export function textReply(status: ReplyStatus, contentType: string, body: string): Buffer {
  const length = Buffer.byteLength(body);
  return Buffer.from(
    `HTTP/1.1 ${status} ${reasons[status]}\r\nContent-Type: ${contentType}\r\nContent-Length: ${length}\r\n\r\n${body}`,
  );
}

/** A refusal in the Runtime API's own form. */
export function errorReply(status: ReplyStatus, errorType: string, errorMessage: string): Buffer {
  return jsonReply(status, { errorMessage, errorType });
}
