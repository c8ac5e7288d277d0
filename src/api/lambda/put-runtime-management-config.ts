import type {
  PutRuntimeManagementConfigRequest,
  PutRuntimeManagementConfigResponse,
} from '@aws-sdk/client-lambda';
import { awsError, type FunctionVersion } from '../../model/index.ts';
import type { Operation, Validated } from '../operation.ts';
import type { LambdaServices } from './services.ts';
import { versionedFunction } from './versioned-function.ts';

type Input = Validated<PutRuntimeManagementConfigRequest, 'FunctionName' | 'UpdateRuntimeOn'>;

/**
 * A machine has one version of each runtime, its interpreter: every mode therefore means that one, and `Manual` takes its ARN alone.
 */
export const putRuntimeManagementConfig: Operation<
  LambdaServices,
  Input,
  PutRuntimeManagementConfigResponse
> = {
  name: 'PutRuntimeManagementConfig',
  members: {
    stored: {
      UpdateRuntimeOn:
        'Kept and answered; every mode runs on the interpreter that the machine has, also after that was updated.',
    },
  },
  async run(services, input, context) {
    const request = { input, action: 'PutRuntimeManagementConfig' };
    const { key, qualifier, version, arn } = await versionedFunction(services, context, request);
    requirePresentRuntime(input, version);
    const { UpdateRuntimeOn: updateRuntimeOn, RuntimeVersionArn: runtimeVersionArn } = input;
    await services.options.putRuntimeManagement(key, qualifier, {
      updateRuntimeOn,
      ...(runtimeVersionArn === undefined ? {} : { runtimeVersionArn }),
    });
    return { UpdateRuntimeOn: updateRuntimeOn, FunctionArn: arn, RuntimeVersionArn: runtimeVersionArn };
  },
};

function requirePresentRuntime(input: Input, { runtimeVersionArn: present }: FunctionVersion): void {
  const { UpdateRuntimeOn: mode, RuntimeVersionArn: wanted } = input;
  if (mode === 'Manual') {
    if (wanted === undefined) throw invalid('RuntimeVersionArn is required when UpdateRuntimeOn is Manual.');
    if (wanted !== present) {
      throw invalid(`The runtime version ${wanted} is not available. This function runs on ${present}.`);
    }
  } else if (wanted !== undefined) {
    throw invalid(`RuntimeVersionArn is not allowed when UpdateRuntimeOn is ${mode}.`);
  }
}

function invalid(message: string): Error {
  return awsError('InvalidParameterValueException', message);
}
