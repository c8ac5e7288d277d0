export type { LogSink, LogStreamName, LogStreamWriter } from './log-writer.ts';
export { LineSplitter } from './line-splitter.ts';
export { type LogFrame, LogFrameParser } from './log-frames.ts';
export {
  type InitReportFacts,
  type PlatformLines,
  type PlatformStatus,
  platformLines,
  type ReportFacts,
} from './platform-lines.ts';
