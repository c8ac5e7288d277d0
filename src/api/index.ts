export {
  type Api,
  type ApiRequest,
  type ApiTarget,
  createApi,
  type ServiceApi,
  serviceApi,
} from './dispatch.ts';
export type { CallContext, Caller, MemberStatus, Operation } from './operation.ts';
export { type LambdaOperation, type LambdaServices, lambdaOperations } from './lambda/index.ts';
export { type IamServices, iamMigrations, iamOperations } from './iam/index.ts';
export { type EcrServices, ecrOperations } from './ecr/index.ts';
export { type StsServices, stsOperations } from './sts/index.ts';
export { type AutoscalingServices, autoscalingOperations } from './application-autoscaling/index.ts';
export { type LogsServices, logsOperations } from './logs/index.ts';
export { type XrayServices, xrayOperations } from './xray/index.ts';
export { type Ec2Services, ec2Operations } from './ec2/index.ts';
