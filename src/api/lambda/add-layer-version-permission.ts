import type {
  AddLayerVersionPermissionRequest,
  AddLayerVersionPermissionResponse,
} from '@aws-sdk/client-lambda';
import { policyResourceArn } from '../../functions/index.ts';
import type { Operation, Validated } from '../operation.ts';
import { layerPolicyResource } from './policy-resource.ts';
import type { LambdaServices } from './services.ts';

export const addLayerVersionPermission: Operation<
  LambdaServices,
  Validated<
    AddLayerVersionPermissionRequest,
    'LayerName' | 'VersionNumber' | 'StatementId' | 'Action' | 'Principal'
  >,
  AddLayerVersionPermissionResponse
> = {
  name: 'AddLayerVersionPermission',
  members: {
    stored: {
      OrganizationId: 'Kept and answered; there are no organizations, so that the statement never applies.',
    },
  },
  async run(services, input, context) {
    const request = { input, action: 'AddLayerVersionPermission' };
    const resource = await layerPolicyResource(services, context, request);
    const permission = {
      sid: input.StatementId,
      action: input.Action,
      principal: input.Principal,
      resourceArn: policyResourceArn(resource),
      principalOrgId: input.OrganizationId,
    };
    const added = await services.policies.add(resource, permission, { revisionId: input.RevisionId });
    return { Statement: added.statement, RevisionId: added.revisionId };
  },
};
