export { LineSplitter, maxLineBytes } from './capture/line-splitter.ts';
export { type LogFrame, LogFrameParser } from './capture/log-frames.ts';
export { TailBuffer } from './capture/tail-buffer.ts';
export { applicationLevelOf, reachesLevel } from './log-level.ts';
export type { LogSink, LogStreamName, LogStreamWriter } from './log-writer.ts';
export {
  billedDurationMs,
  type InitReportFacts,
  type PlatformLines,
  type PlatformStatus,
  platformLines,
  type ReportFacts,
} from './platform-lines.ts';
