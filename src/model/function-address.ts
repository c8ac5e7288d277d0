import type { Scope } from './arns.ts';
import { awsError } from './errors.ts';

/** A function as a caller names it: bare, partial or whole ARN, each maybe with a qualifier. */
export interface FunctionNameParts {
  readonly region?: string;
  readonly account?: string;
  readonly name: string;
  readonly qualifier?: string;
}

const forms =
  /^(?:arn:(?:aws[a-zA-Z-]*)?:lambda:)?(?:((?:eusc-)?[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-\d):)?(?:(\d{12}):)?(?:function:)?([a-zA-Z0-9-_.]+)(?::(\$LATEST(?:\.PUBLISHED)?|[a-zA-Z0-9-_]+))?$/;

/**
 * Takes a `FunctionName` apart that kept the model's pattern; undefined for one that did not.
 * `arn:…:function`, the name missing, is read as a function called "function", as AWS does.
 */
export function parseFunctionName(text: string): FunctionNameParts | undefined {
  const match = forms.exec(text);
  if (!match) return undefined;
  const [, region, account, name = '', qualifier] = match;
  return {
    name,
    ...(region !== undefined && { region }),
    ...(account !== undefined && { account }),
    ...(qualifier !== undefined && { qualifier }),
  };
}

/**
 * Where a named function lives, seen from the scope of the caller; the account is that of the ARN where it has one.
 * Throws InvalidParameterValueException when name and parameter carry different qualifiers, and
 * ResourceNotFoundException for another region, in AWS's words.
 */
export function resolveFunctionName(
  scope: Scope,
  functionName: string,
  qualifier?: string,
): Scope & { readonly name: string; readonly qualifier?: string } {
  const parts = parseFunctionName(functionName) ?? { name: functionName };
  if (parts.qualifier !== undefined && qualifier !== undefined && parts.qualifier !== qualifier) {
    throw awsError(
      'InvalidParameterValueException',
      'The derived qualifier from the function name does not match the specified qualifier.',
    );
  }
  if (parts.region !== undefined && parts.region !== scope.region) {
    throw awsError(
      'ResourceNotFoundException',
      `Functions from '${parts.region}' are not reachable in this region ('${scope.region}')`,
    );
  }
  const given = qualifier ?? parts.qualifier;
  return {
    account: parts.account ?? scope.account,
    region: scope.region,
    name: parts.name,
    ...(given !== undefined && { qualifier: given }),
  };
}
