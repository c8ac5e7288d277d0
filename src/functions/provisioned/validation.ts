import {
  type AwsError,
  awsError,
  type FunctionVersion,
  functionArn,
  LATEST,
  limits,
} from '../../model/index.ts';
import { type Alias, isVersionName, pageAliases, readAlias } from '../aliases-store.ts';
import { type Reader, readVersion } from '../functions-store.ts';
import { functionNotFound } from '../not-found.ts';
import { readReserved, sumReserved } from '../reserved-concurrency-store.ts';
import type { FunctionKey } from '../settings.ts';
import { sumProvisioned, sumProvisionedUnreserved } from './provisioned-sums-store.ts';

interface Wanted {
  readonly key: FunctionKey;
  readonly qualifier: string;
  readonly requested: number;
  /** Of the account. */
  readonly limit: number;
}

/** Rejects what cannot be provisioned, in AWS's words (observed.md, 79–86). */
export async function checkProvisioned(reader: Reader, wanted: Wanted): Promise<void> {
  const { key, qualifier } = wanted;
  if (qualifier === LATEST) throw unpublished();
  if (isVersionName(qualifier)) await checkVersion(reader, key, qualifier);
  else await checkAlias(reader, key, qualifier);
  await checkLimits(reader, wanted);
}

/** For reads and deletions: throws in AWS's words where the qualifier is not there or is `$LATEST`. */
export async function requireProvisionable(
  reader: Reader,
  key: FunctionKey,
  qualifier: string,
): Promise<void> {
  if (qualifier === LATEST)
    throw invalid('The function resource provided must be an alias or a published version.');
  if (isVersionName(qualifier)) await readPublished(reader, key, qualifier);
  else await requireAlias(reader, key, qualifier);
}

async function checkVersion(reader: Reader, key: FunctionKey, qualifier: string): Promise<void> {
  refuseOthersSettings(await readPublished(reader, key, qualifier));
  for (let after = ''; ; ) {
    const aliases = await pageAliases(reader, key, { after, count: 100, version: qualifier });
    for (const { name } of aliases) {
      if (await isProvisioned(reader, key, name)) {
        throw awsError('ResourceConflictException', 'Version is pointed by a Provisioned Concurrency alias');
      }
    }
    const last = aliases.at(-1);
    if (!last) return;
    after = last.name;
  }
}

async function checkAlias(reader: Reader, key: FunctionKey, name: string): Promise<void> {
  const alias = await requireAlias(reader, key, name);
  if (alias.version === LATEST) throw unpublished();
  if (alias.routing) throw invalid('Alias with weights can not be used with Provisioned Concurrency');
  if (await isProvisioned(reader, key, alias.version)) {
    throw awsError(
      'ResourceConflictException',
      "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version",
    );
  }
  refuseOthersSettings(await readPublished(reader, key, alias.version));
}

async function requireAlias(reader: Reader, key: FunctionKey, name: string): Promise<Alias> {
  const alias = await readAlias(reader, key, name);
  if (alias) return alias;
  throw awsError('ResourceNotFoundException', `Cannot find alias arn: ${functionArn(key, key.name, name)}`);
}

async function readPublished(reader: Reader, key: FunctionKey, version: string): Promise<FunctionVersion> {
  const record = await readVersion(reader, key, version);
  if (!record) throw functionNotFound(key, version);
  return record.shown;
}

function refuseOthersSettings({ tenantIsolation, snapStart }: FunctionVersion): void {
  if (snapStart) throw invalid('Provisioned Concurrency is not supported for functions with SnapStart.');
  if (tenantIsolation === undefined) return;
  throw invalid('Provisioned Concurrency is not supported for functions with tenant isolation.');
}

async function isProvisioned(reader: Reader, key: FunctionKey, qualifier: string): Promise<boolean> {
  const all = await sumProvisioned(reader, key);
  return all !== (await sumProvisioned(reader, key, qualifier));
}

async function checkLimits(reader: Reader, { key, qualifier, requested, limit }: Wanted): Promise<void> {
  const others = await sumProvisioned(reader, key, qualifier);
  const reserved = await readReserved(reader, key);
  if (reserved !== undefined) {
    if (others + requested <= reserved) return;
    throw invalid(
      'Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function',
    );
  }
  const own = (await sumProvisioned(reader, key)) - others;
  const allotted = (await sumReserved(reader, key)) + (await sumProvisionedUnreserved(reader, key)) - own;
  const unreserved = limit - allotted;
  if (requested > unreserved) {
    throw invalid(
      `Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [${unreserved}].`,
      'none',
    );
  }
  if (unreserved - requested < limits.unreservedConcurrencyMin) {
    throw invalid(
      `Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [${limits.unreservedConcurrencyMin}].`,
      'none',
    );
  }
}

function unpublished(): AwsError {
  return invalid('Provisioned Concurrency Configs cannot be applied to unpublished function versions.');
}

function invalid(message: string, type: 'User' | 'none' = 'User'): AwsError {
  return awsError('InvalidParameterValueException', message, { type });
}
