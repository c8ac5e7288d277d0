import type { DeleteLogStreamRequest } from '@aws-sdk/client-cloudwatch-logs';
import type { Validated } from '../operation.ts';
import { requireGroup, requireStream } from './log-groups.ts';
import type { LogsOperation } from './services.ts';

export const deleteLogStream: LogsOperation<
  Validated<DeleteLogStreamRequest, 'logGroupName' | 'logStreamName'>,
  void
> = {
  name: 'DeleteLogStream',
  async run(services, { logGroupName, logStreamName }, context) {
    const { logs } = services;
    await logs.sink.flush();
    const group = await requireGroup(services, context, logGroupName);
    const stream = await requireStream(services, group, logStreamName);
    await logs.groups.deleteStream(stream.id);
    void logs.pruner.prune();
  },
};
