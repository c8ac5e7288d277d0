export type { LogSink, LogStreamName, LogStreamWriter } from './log-writer.ts';
