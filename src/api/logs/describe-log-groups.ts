import type { DescribeLogGroupsRequest, DescribeLogGroupsResponse } from '@aws-sdk/client-cloudwatch-logs';
import type { CallContext } from '../operation.ts';
import type { LogGroup } from '../../telemetry/index.ts';
import { invalidParameter } from './errors.ts';
import { renderGroup, requireReferredGroup } from './log-groups.ts';
import { parseNameToken, renderPageToken } from './page-token.ts';
import type { LogsOperation, LogsServices } from './services.ts';

const defaultLimit = 50;
/** Read at a time where names are searched for a pattern. */
const searchedAtOnce = 500;

export const describeLogGroups: LogsOperation<DescribeLogGroupsRequest, DescribeLogGroupsResponse> = {
  name: 'DescribeLogGroups',
  members: {
    refused: {
      includeLinkedAccounts: { when: (value) => value === true, hint: 'Accounts are not linked.' },
      accountIdentifiers: { hint: 'Accounts are not linked.' },
    },
  },
  async run(services, input, context) {
    if (input.logGroupNamePrefix !== undefined && input.logGroupNamePattern !== undefined) {
      throw invalidParameter(
        'LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.',
      );
    }
    await services.logs.sink.flush();
    if (input.logGroupIdentifiers) return describeNamed(services, input.logGroupIdentifiers, context);
    if (input.logGroupClass !== undefined && input.logGroupClass !== 'STANDARD') return { logGroups: [] };
    const limit = input.limit ?? defaultLimit;
    const found = await search(services, input, { context, count: limit + 1 });
    const page = found.slice(0, limit);
    const last = page.at(-1);
    return {
      logGroups: page.map((group) => renderGroup(context, group)),
      ...(found.length > limit && last ? { nextToken: renderPageToken([last.name]) } : {}),
    };
  },
};

async function describeNamed(
  services: LogsServices,
  identifiers: readonly string[],
  context: CallContext,
): Promise<DescribeLogGroupsResponse> {
  const groups = await Promise.all(
    identifiers.map((logGroupIdentifier) => requireReferredGroup(services, context, { logGroupIdentifier })),
  );
  return { logGroups: groups.map((group) => renderGroup(context, group)) };
}

/** The first `count` groups behind the token whose names match, in order of name. */
async function search(
  { logs }: LogsServices,
  input: DescribeLogGroupsRequest,
  { context, count }: { readonly context: CallContext; readonly count: number },
): Promise<readonly LogGroup[]> {
  const [prefix, pattern] = [input.logGroupNamePrefix ?? '', input.logGroupNamePattern ?? ''];
  const found: LogGroup[] = [];
  let after = parseNameToken(input.nextToken);
  for (;;) {
    const limit = pattern === '' ? count : searchedAtOnce;
    const groups = await logs.groups.listGroups(context, { prefix, after, limit });
    found.push(...groups.filter(({ name }) => name.includes(pattern)));
    if (found.length >= count || groups.length < limit) return found.slice(0, count);
    after = groups.at(-1)?.name ?? after;
  }
}
