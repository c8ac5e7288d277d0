import type { Operation } from '../operation.ts';
import { createLogGroup } from './create-log-group.ts';
import { createLogStream } from './create-log-stream.ts';
import { deleteLogGroup } from './delete-log-group.ts';
import { deleteLogStream } from './delete-log-stream.ts';
import { deleteRetentionPolicy } from './delete-retention-policy.ts';
import { describeLogGroups } from './describe-log-groups.ts';
import { describeLogStreams } from './describe-log-streams.ts';
import { describeSubscriptionFilters } from './describe-subscription-filters.ts';
import { filterLogEvents } from './filter-log-events.ts';
import { getLogEvents } from './get-log-events.ts';
import { listTagsForResource } from './list-tags-for-resource.ts';
import { listTagsLogGroup } from './list-tags-log-group.ts';
import { putLogEvents } from './put-log-events.ts';
import { putRetentionPolicy } from './put-retention-policy.ts';
import type { LogsServices } from './services.ts';
import { tagLogGroup } from './tag-log-group.ts';
import { tagResource } from './tag-resource.ts';
import { untagLogGroup } from './untag-log-group.ts';
import { untagResource } from './untag-resource.ts';

export type { LogsServices } from './services.ts';

/** The operations of CloudWatch Logs that people and Terraform use. Whatever else it has is answered 501. */
export const logsOperations: readonly Operation<LogsServices, never, unknown>[] = [
  createLogGroup,
  createLogStream,
  deleteLogGroup,
  deleteLogStream,
  deleteRetentionPolicy,
  describeLogGroups,
  describeLogStreams,
  describeSubscriptionFilters,
  filterLogEvents,
  getLogEvents,
  listTagsForResource,
  listTagsLogGroup,
  putLogEvents,
  putRetentionPolicy,
  tagLogGroup,
  tagResource,
  untagLogGroup,
  untagResource,
];
