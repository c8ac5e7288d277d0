import type { GetAccountSettingsRequest, GetAccountSettingsResponse } from '@aws-sdk/client-lambda';
import { limits } from '../../model/index.ts';
import type { Operation } from '../operation.ts';
import type { LambdaServices } from './services.ts';

export const getAccountSettings: Operation<
  LambdaServices,
  GetAccountSettingsRequest,
  GetAccountSettingsResponse
> = {
  name: 'GetAccountSettings',
  async run({ codeUsage, concurrency }, _input, { account, region }) {
    const scope = { account, region };
    const [usage, reserved] = await Promise.all([codeUsage(scope), concurrency.reservedTotal(scope)]);
    return {
      AccountLimit: {
        TotalCodeSize: limits.totalCodeBytes,
        CodeSizeUnzipped: limits.unzippedCodeBytes,
        CodeSizeZipped: limits.zippedCodeBytes,
        ConcurrentExecutions: concurrency.accountConcurrency,
        UnreservedConcurrentExecutions: concurrency.accountConcurrency - reserved,
      },
      AccountUsage: { TotalCodeSize: usage.totalCodeBytes, FunctionCount: usage.functionCount },
    };
  },
};
