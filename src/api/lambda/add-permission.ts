import type { AddPermissionRequest, AddPermissionResponse } from '@aws-sdk/client-lambda';
import { policyResourceArn } from '../../functions/index.ts';
import { awsError } from '../../model/index.ts';
import type { Operation, Validated } from '../operation.ts';
import { functionPolicyResource, refuseLatest } from './policy-resource.ts';
import type { LambdaServices } from './services.ts';

type Input = Validated<AddPermissionRequest, 'FunctionName' | 'StatementId' | 'Action' | 'Principal'>;

const source = 'Kept and answered; it decides once AWS services invoke functions.';
const url = 'Kept and answered; it decides once functions have URLs.';

export const addPermission: Operation<LambdaServices, Input, AddPermissionResponse> = {
  name: 'AddPermission',
  members: {
    stored: {
      SourceArn: source,
      SourceAccount: source,
      EventSourceToken: source,
      PrincipalOrgID: 'Kept and answered; there are no organizations, so that the statement never applies.',
      FunctionUrlAuthType: url,
      InvokedViaFunctionUrl: url,
    },
  },
  async run(services, input, context) {
    const resource = await functionPolicyResource(services, context, { input, action: 'AddPermission' });
    refuseLatest(resource);
    requireUrlAction(input);
    const permission = {
      sid: input.StatementId,
      action: input.Action,
      principal: input.Principal,
      resourceArn: policyResourceArn(resource),
      sourceArn: input.SourceArn,
      sourceAccount: input.SourceAccount,
      principalOrgId: input.PrincipalOrgID,
      eventSourceToken: input.EventSourceToken,
      functionUrlAuthType: input.FunctionUrlAuthType,
      invokedViaFunctionUrl: input.InvokedViaFunctionUrl,
    };
    const { statement } = await services.policies.add(resource, permission, { revisionId: input.RevisionId });
    return { Statement: statement };
  },
};

function requireUrlAction({ Action: action, FunctionUrlAuthType: authType }: Input): void {
  if (authType === undefined || action === 'lambda:InvokeFunctionUrl') return;
  throw awsError(
    'InvalidParameterValueException',
    'FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action',
  );
}
