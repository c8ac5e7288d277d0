import type { LogGroup as WireLogGroup } from '@aws-sdk/client-cloudwatch-logs';
import type { Scope } from '../../model/index.ts';
import type { LogGroup, LogStream } from '../../telemetry/index.ts';
import { groupNotFound, invalidParameter, streamNotFound } from './errors.ts';
import type { LogsServices } from './services.ts';

interface GroupReference {
  readonly logGroupName?: string | undefined;
  /** A name or an ARN. */
  readonly logGroupIdentifier?: string | undefined;
}

/** The group of that name. Throws `ResourceNotFoundException`. */
export async function requireGroup({ logs }: LogsServices, scope: Scope, name: string): Promise<LogGroup> {
  const group = await logs.groups.findGroup(scope, name);
  if (!group) throw groupNotFound();
  return group;
}

/** The group that a request names in one of two ways. */
export function requireReferredGroup(
  services: LogsServices,
  scope: Scope,
  reference: GroupReference,
): Promise<LogGroup> {
  const { logGroupName, logGroupIdentifier } = reference;
  if (logGroupName !== undefined && logGroupIdentifier !== undefined) {
    throw invalidParameter('LogGroup name and identifier cannot be specified together.');
  }
  if (logGroupName !== undefined) return requireGroup(services, scope, logGroupName);
  if (logGroupIdentifier === undefined)
    throw invalidParameter('LogGroup name or identifier must be specified.');
  return requireGroup(services, scope, nameOf(scope, logGroupIdentifier));
}

/** The group of a tagged resource: its ARN, with or without `:*` at the end. */
export function requireGroupByArn(services: LogsServices, scope: Scope, arn: string): Promise<LogGroup> {
  if (!arn.startsWith('arn:')) throw invalidParameter('Invalid resource ARN.');
  return requireGroup(services, scope, nameOf(scope, arn));
}

/** The stream of that name. Throws `ResourceNotFoundException`. */
export async function requireStream(
  { logs }: LogsServices,
  group: LogGroup,
  name: string,
): Promise<LogStream> {
  const [stream] = await logs.groups.findStreams(group.id, [name]);
  if (!stream) throw streamNotFound();
  return stream;
}

/** The oldest moment of which a group still tells: what its retention has passed over is gone, deleted or not. */
export function retainedFromMs({ clock }: LogsServices, group: LogGroup): number {
  if (group.retentionDays === undefined) return 0;
  return clock.nowMs() - group.retentionDays * 86_400_000;
}

export function logGroupArn(scope: Scope, name: string): string {
  return `arn:aws:logs:${scope.region}:${scope.account}:log-group:${name}`;
}

export function renderGroup(scope: Scope, group: LogGroup): WireLogGroup {
  const arn = logGroupArn(scope, group.name);
  return {
    logGroupName: group.name,
    creationTime: group.createdMs,
    ...(group.retentionDays === undefined ? {} : { retentionInDays: group.retentionDays }),
    metricFilterCount: 0,
    arn: `${arn}:*`,
    storedBytes: group.storedBytes,
    logGroupClass: 'STANDARD',
    logGroupArn: arn,
    deletionProtectionEnabled: false,
  };
}

/** Another account's or region's group is as unknown as one that does not exist. */
function nameOf(scope: Scope, identifier: string): string {
  if (!identifier.startsWith('arn:')) return identifier;
  const match = /^arn:[\w-]+:logs:([\w-]+):(\d{12}):log-group:([^:*]+)(?::\*)?$/.exec(identifier);
  if (!match) throw invalidParameter('Invalid log group ARN.');
  const [, region, account, name = ''] = match;
  if (region !== scope.region || account !== scope.account) throw groupNotFound();
  return name;
}
