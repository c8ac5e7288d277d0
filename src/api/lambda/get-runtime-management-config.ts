import type {
  GetRuntimeManagementConfigRequest,
  GetRuntimeManagementConfigResponse,
} from '@aws-sdk/client-lambda';
import type { Operation, Validated } from '../operation.ts';
import type { LambdaServices } from './services.ts';
import { versionedFunction } from './versioned-function.ts';

export const getRuntimeManagementConfig: Operation<
  LambdaServices,
  Validated<GetRuntimeManagementConfigRequest, 'FunctionName'>,
  GetRuntimeManagementConfigResponse
> = {
  name: 'GetRuntimeManagementConfig',
  async run(services, input, context) {
    const request = { input, action: 'GetRuntimeManagementConfig' };
    const { key, qualifier, arn } = await versionedFunction(services, context, request);
    const { updateRuntimeOn, runtimeVersionArn } = await services.options.runtimeManagement(key, qualifier);
    return { UpdateRuntimeOn: updateRuntimeOn, FunctionArn: arn, RuntimeVersionArn: runtimeVersionArn };
  },
};
