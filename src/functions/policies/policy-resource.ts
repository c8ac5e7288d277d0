import { functionArn, LATEST, layerVersionArn, type Scope } from '../../model/index.ts';

/** What can have a policy of its own: a function, one of its versions or aliases, or a layer version. */
export interface PolicyResource extends Scope {
  readonly kind: 'function' | 'layer';
  readonly name: string;
  /** Version or alias; empty for the function itself. */
  readonly qualifier: string;
}

export function policyResourceArn(resource: PolicyResource): string {
  const { kind, name, qualifier } = resource;
  if (kind === 'layer') return layerVersionArn(resource, name, Number(qualifier));
  return functionArn(resource, name, qualifier === '' ? undefined : qualifier);
}

const arnPattern =
  /^arn:aws[a-zA-Z-]*:lambda:([a-z0-9-]+):(\d{12}):(function|layer):([a-zA-Z0-9-_.]+)(?::([a-zA-Z0-9-_$.]+))?$/;

/** Reads the ARN of a function (`$LATEST` is the function itself) or layer version; undefined for any other. */
export function parsePolicyResource(arn: string): PolicyResource | undefined {
  const [, region = '', account = '', kind, name = '', qualifier = ''] = arnPattern.exec(arn) ?? [];
  if (kind !== 'function' && kind !== 'layer') return undefined;
  return { region, account, kind, name, qualifier: qualifier === LATEST ? '' : qualifier };
}
