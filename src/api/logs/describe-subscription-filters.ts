import type {
  DescribeSubscriptionFiltersRequest,
  DescribeSubscriptionFiltersResponse,
} from '@aws-sdk/client-cloudwatch-logs';
import type { Validated } from '../operation.ts';
import { requireGroup } from './log-groups.ts';
import type { LogsOperation } from './services.ts';

/** Nothing makes subscription filters yet (PutSubscriptionFilter is refused), so no group has any. */
export const describeSubscriptionFilters: LogsOperation<
  Validated<DescribeSubscriptionFiltersRequest, 'logGroupName'>,
  DescribeSubscriptionFiltersResponse
> = {
  name: 'DescribeSubscriptionFilters',
  async run(services, { logGroupName }, context) {
    await requireGroup(services, context, logGroupName);
    return { subscriptionFilters: [] };
  },
};
