import type { PutRetentionPolicyRequest } from '@aws-sdk/client-cloudwatch-logs';
import type { Validated } from '../operation.ts';
import { invalidParameter } from './errors.ts';
import { requireGroup } from './log-groups.ts';
import type { LogsOperation } from './services.ts';

const days: readonly number[] = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

export const putRetentionPolicy: LogsOperation<
  Validated<PutRetentionPolicyRequest, 'logGroupName' | 'retentionInDays'>,
  void
> = {
  name: 'PutRetentionPolicy',
  async run(services, { logGroupName, retentionInDays }, context) {
    if (!days.includes(retentionInDays)) {
      throw invalidParameter(
        `1 validation error detected: Value '${retentionInDays}' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: [${days.join(', ')}]`,
      );
    }
    const group = await requireGroup(services, context, logGroupName);
    await services.logs.groups.setRetention(group.id, retentionInDays);
    void services.logs.pruner.prune();
  },
};
