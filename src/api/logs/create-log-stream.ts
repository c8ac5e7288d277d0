import type { CreateLogStreamRequest } from '@aws-sdk/client-cloudwatch-logs';
import type { Validated } from '../operation.ts';
import { streamExists } from './errors.ts';
import { requireGroup } from './log-groups.ts';
import type { LogsOperation } from './services.ts';

export const createLogStream: LogsOperation<
  Validated<CreateLogStreamRequest, 'logGroupName' | 'logStreamName'>,
  void
> = {
  name: 'CreateLogStream',
  async run(services, { logGroupName, logStreamName }, context) {
    const { logs, clock } = services;
    const group = await requireGroup(services, context, logGroupName);
    if (!(await logs.groups.createStream(group.id, logStreamName, clock.nowMs()))) throw streamExists();
  },
};
