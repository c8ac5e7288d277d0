import type { CreateLogGroupRequest } from '@aws-sdk/client-cloudwatch-logs';
import type { Validated } from '../operation.ts';
import { groupExists } from './errors.ts';
import type { LogsOperation } from './services.ts';
import { withTags } from './tags.ts';

export const createLogGroup: LogsOperation<Validated<CreateLogGroupRequest, 'logGroupName'>, void> = {
  name: 'CreateLogGroup',
  members: {
    refused: {
      kmsKeyId: { hint: 'Logs are not encrypted on disk.' },
      logGroupClass: {
        when: (value) => value !== 'STANDARD',
        hint: 'There is the class STANDARD only.',
      },
      deletionProtectionEnabled: {
        when: (value) => value === true,
        hint: 'Log groups cannot be protected from deletion.',
      },
    },
  },
  async run({ logs, clock }, { logGroupName, tags }, context) {
    const created = await logs.groups.createGroup(context, logGroupName, clock.nowMs(), withTags({}, tags));
    if (!created) throw groupExists();
  },
};
