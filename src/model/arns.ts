/** Where a resource lives. State is kept apart by both. */
export interface Scope {
  /** 12 digits. */
  readonly account: string;
  readonly region: string;
}

export const LATEST = '$LATEST';

export function functionArn(scope: Scope, name: string, qualifier?: string): string {
  const arn = `arn:aws:lambda:${scope.region}:${scope.account}:function:${name}`;
  return qualifier === undefined ? arn : `${arn}:${qualifier}`;
}

export function layerArn(scope: Scope, name: string): string {
  return `arn:aws:lambda:${scope.region}:${scope.account}:layer:${name}`;
}

export function layerVersionArn(scope: Scope, name: string, version: number): string {
  return `${layerArn(scope, name)}:${version}`;
}
