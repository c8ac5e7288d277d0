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
    requireOneFilter(input);
    await services.logs.sink.flush();
    if (input.logGroupClass !== undefined && input.logGroupClass !== 'STANDARD') return { logGroups: [] };
    const limit = input.limit ?? defaultLimit;
    const found = await (input.logGroupIdentifiers ? findNamed : search)(services, input, {
      context,
      count: limit + 1,
    });
    const page = found.slice(0, limit);
    const last = page.at(-1);
    return {
      logGroups: page.map((group) => renderGroup(context, group)),
      ...(found.length > limit && last ? { nextToken: renderPageToken([last.name]) } : {}),
    };
  },
};

/** Identifiers go with no other filter (API reference, DescribeLogGroups). */
function requireOneFilter(input: DescribeLogGroupsRequest): void {
  const { logGroupIdentifiers, logGroupNamePrefix, logGroupNamePattern, logGroupClass } = input;
  if (logGroupIdentifiers === undefined) return;
  if ((logGroupNamePrefix ?? logGroupNamePattern ?? logGroupClass) === undefined) return;
  throw invalidParameter(
    'logGroupIdentifiers cannot be specified together with logGroupNamePrefix, logGroupNamePattern or logGroupClass.',
  );
}

interface Wanted {
  readonly context: CallContext;
  readonly count: number;
}

/** Those of the groups named that come behind the token, in order of name. Throws where one is not there. */
async function findNamed(
  services: LogsServices,
  { logGroupIdentifiers: identifiers = [], nextToken }: DescribeLogGroupsRequest,
  { context, count }: Wanted,
): Promise<readonly LogGroup[]> {
  const groups = await Promise.all(
    identifiers.map((logGroupIdentifier) => requireReferredGroup(services, context, { logGroupIdentifier })),
  );
  const byName = new Map(groups.map((group) => [group.name, group]));
  const after = parseNameToken(nextToken);
  const behind = [...byName.values()].filter(({ name }) => name > after);
  return behind.sort((left, right) => (left.name < right.name ? -1 : 1)).slice(0, count);
}

/** The first `count` groups behind the token whose names match, in order of name. */
async function search(
  { logs }: LogsServices,
  input: DescribeLogGroupsRequest,
  { context, count }: Wanted,
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
