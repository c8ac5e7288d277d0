import type { GetCallerIdentityRequest, GetCallerIdentityResponse } from '@aws-sdk/client-sts';
import type { Operation } from '../operation.ts';
import type { StsServices } from './services.ts';

export const getCallerIdentity: Operation<StsServices, GetCallerIdentityRequest, GetCallerIdentityResponse> =
  {
    name: 'GetCallerIdentity',
    run(_, _input, { caller }) {
      return { UserId: caller.userId, Account: caller.account, Arn: caller.arn };
    },
  };
