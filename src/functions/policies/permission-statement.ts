import { awsError } from '../../model/index.ts';

/** One permission of `AddPermission` or `AddLayerVersionPermission`, as the caller worded it. */
export interface Permission {
  readonly sid: string;
  /** `lambda:InvokeFunction`, `lambda:*`, … */
  readonly action: string;
  /** `*`, an account, an ARN of an account, user, role or session, or a service's host name. */
  readonly principal: string;
  readonly resourceArn: string;
  readonly sourceArn?: string | undefined;
  readonly sourceAccount?: string | undefined;
  readonly principalOrgId?: string | undefined;
  readonly eventSourceToken?: string | undefined;
  readonly functionUrlAuthType?: string | undefined;
  readonly invokedViaFunctionUrl?: boolean | undefined;
}

/** A statement as it stands in the stored document. */
export type StatementJson = Readonly<Record<string, unknown>>;

/**
 * The statement for a permission, its members in AWS's order.
 * Throws `InvalidParameterValueException` for a principal that is none.
 */
export function renderStatement(permission: Permission): StatementJson {
  const condition = renderCondition(permission);
  return {
    Sid: permission.sid,
    Effect: 'Allow',
    Principal: renderPrincipal(permission.principal),
    Action: permission.action,
    Resource: permission.resourceArn,
    ...(Object.keys(condition).length > 0 ? { Condition: condition } : {}),
  };
}

const principalArn = new RegExp(
  '^arn:aws[a-zA-Z-]*:(?:iam::\\d{12}:(?:root|(?:user|role)/[\\w+=,.@/-]+)|sts::\\d{12}:(?:assumed-role/[\\w+=,.@-]+/|federated-user/)[\\w+=,.@-]+)$',
);
const serviceHost = /^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:amazonaws|amazon)\.com(?:\.cn)?$/;

function renderPrincipal(principal: string): unknown {
  if (principal === '*') return '*';
  if (/^\d{12}$/.test(principal)) return { AWS: `arn:aws:iam::${principal}:root` };
  if (principalArn.test(principal)) return { AWS: principal };
  if (serviceHost.test(principal)) return { Service: principal };
  throw awsError(
    'InvalidParameterValueException',
    'The provided principal was invalid. Please check the principal and try again.',
  );
}

function renderCondition(permission: Permission): StatementJson {
  const equals = present({
    'AWS:SourceAccount': permission.sourceAccount,
    'lambda:FunctionUrlAuthType': permission.functionUrlAuthType,
    'aws:PrincipalOrgID': permission.principalOrgId,
    'lambda:EventSourceToken': permission.eventSourceToken,
  });
  const like = present({ 'AWS:SourceArn': permission.sourceArn });
  const viaUrl = permission.invokedViaFunctionUrl;
  const bool = present({ 'lambda:InvokedViaFunctionUrl': viaUrl === undefined ? undefined : String(viaUrl) });
  return present({ StringEquals: unlessEmpty(equals), ArnLike: unlessEmpty(like), Bool: unlessEmpty(bool) });
}

function present(members: StatementJson): StatementJson {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

function unlessEmpty(members: StatementJson): StatementJson | undefined {
  return Object.keys(members).length > 0 ? members : undefined;
}
