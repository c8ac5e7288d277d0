import { createHash } from 'node:crypto';
import type { Ids } from '../base/index.ts';
import type { FunctionVersion } from '../model/index.ts';

interface PublishAs {
  readonly number: number;
  readonly description?: string | undefined;
}

/** The version that publishing `latest` makes. It has environments of its own, so a deployment id of its own. */
export function publishedFrom(latest: FunctionVersion, as: PublishAs, ids: Ids): FunctionVersion {
  return {
    ...latest,
    version: String(as.number),
    description: as.description ?? latest.description,
    revisionId: ids.uuid(),
    deploymentId: ids.uuid(),
  };
}

/** Equal for two states of `$LATEST` between which nothing was changed that a version keeps. */
export function fingerprintOf(latest: FunctionVersion): string {
  const {
    version: _version,
    state: _state,
    stateReason: _stateReason,
    lastUpdateStatus: _status,
    lastUpdateReason: _reason,
    revisionId: _revision,
    deploymentId: _deployment,
    lastModifiedMs: _modified,
    environment,
    ...kept
  } = latest;
  const variables = environment && Object.entries(environment).sort(([a], [b]) => (a < b ? -1 : 1));
  const content = Object.entries({ ...kept, variables }).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}
