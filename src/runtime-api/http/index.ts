export { HttpConnection } from './http-connection.ts';
export type { HttpLimits } from './limits.ts';
export { errorReply, jsonReply, type ReplyPart, textReply } from './reply.ts';
export { BodyBudget, type BodyStream } from './request-body.ts';
export type { RequestHead } from './request-head.ts';
export type { HttpRequest } from './request-parser.ts';
