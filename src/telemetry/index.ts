export { LineSplitter, maxLineBytes } from './capture/line-splitter.ts';
export { type LogFrame, LogFrameParser } from './capture/log-frames.ts';
export { TailBuffer } from './capture/tail-buffer.ts';
export {
  type LogFilter,
  parseFilterPattern,
  PatternError,
  UnsupportedPattern,
} from './filter-pattern/filter-pattern.ts';
export { applicationLevelOf, reachesLevel } from './log-level.ts';
export type { ChunkScope } from './logs/log-chunk-store.ts';
export type { LogGroup, LogGroupStore, LogStream } from './logs/log-group-store.ts';
export {
  type LogPosition,
  parsePosition,
  positionAfter,
  positionAt,
  renderPosition,
} from './logs/log-position.ts';
export { type LogEvent, type ReadRange, readEvents } from './logs/log-reader.ts';
export { type Logs, type LogsOptions, openLogs } from './logs/log-store.ts';
export { packChunks } from './logs/chunk.ts';
export type { LogSink, LogStreamName, LogStreamWriter } from './log-writer.ts';
export {
  billedDurationMs,
  type ExtensionFacts,
  type InitReportFacts,
  type PlatformLines,
  type PlatformStatus,
  platformLines,
  type ReportFacts,
  runtimeVersionName,
  type SubscriptionFacts,
} from './platform-lines.ts';
export type { ConnectInside } from './stream/destination.ts';
export {
  InvalidSubscription,
  parseSubscription,
  type TelemetryApi,
  type TelemetrySubscription,
  type TelemetryType,
} from './stream/subscription.ts';
export type { TelemetryEvent } from './stream/telemetry-event.ts';
export { TelemetryStream } from './stream/telemetry-stream.ts';
