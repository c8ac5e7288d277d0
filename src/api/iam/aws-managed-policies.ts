const logs = ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'];
const interfaces = [
  'ec2:CreateNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:DeleteNetworkInterface',
  'ec2:AssignPrivateIpAddresses',
  'ec2:UnassignPrivateIpAddresses',
];

/** Actions, on every resource, of the policies that Lambda functions are usually given. Path and name as in their ARNs. */
const known: Readonly<Record<string, readonly string[]>> = {
  AWSLambda_FullAccess: ['lambda:*', ...logs, 'iam:PassRole'],
  AWSLambda_ReadOnlyAccess: ['lambda:Get*', 'lambda:List*'],
  AWSXRayDaemonWriteAccess: [
    'xray:PutTraceSegments',
    'xray:PutTelemetryRecords',
    'xray:GetSamplingRules',
    'xray:GetSamplingTargets',
    'xray:GetSamplingStatisticSummaries',
  ],
  AdministratorAccess: ['*'],
  AmazonDynamoDBFullAccess: ['dynamodb:*'],
  AmazonS3FullAccess: ['s3:*'],
  AmazonS3ReadOnlyAccess: ['s3:Get*', 's3:List*', 's3:Describe*'],
  AmazonSQSFullAccess: ['sqs:*'],
  CloudWatchFullAccess: ['cloudwatch:*', 'logs:*'],
  'service-role/AWSLambdaBasicExecutionRole': logs,
  'service-role/AWSLambdaDynamoDBExecutionRole': [
    'dynamodb:DescribeStream',
    'dynamodb:GetRecords',
    'dynamodb:GetShardIterator',
    'dynamodb:ListStreams',
    ...logs,
  ],
  'service-role/AWSLambdaKinesisExecutionRole': [
    'kinesis:DescribeStream',
    'kinesis:DescribeStreamSummary',
    'kinesis:GetRecords',
    'kinesis:GetShardIterator',
    'kinesis:ListShards',
    'kinesis:ListStreams',
    'kinesis:SubscribeToShard',
    ...logs,
  ],
  'service-role/AWSLambdaRole': ['lambda:InvokeFunction'],
  'service-role/AWSLambdaSQSQueueExecutionRole': [
    'sqs:ReceiveMessage',
    'sqs:DeleteMessage',
    'sqs:GetQueueAttributes',
    ...logs,
  ],
  'service-role/AWSLambdaVPCAccessExecutionRole': [...logs, ...interfaces],
};

/** A policy that AWS keeps for everybody. */
export interface AwsManagedPolicy {
  readonly arn: string;
  readonly name: string;
  readonly path: string;
  /** Absent for those whose text Hearth does not have. */
  readonly document?: string;
}

/** The policy of an ARN such as `arn:aws:iam::aws:policy/service-role/NAME`; undefined for any other ARN. */
export function awsManagedPolicy(arn: string): AwsManagedPolicy | undefined {
  const rest = /^arn:aws[a-zA-Z-]*:iam::aws:policy\/((?:[\w+=,.@-]+\/)*[\w+=,.@-]+)$/.exec(arn)?.[1];
  return rest === undefined ? undefined : describe(arn, rest);
}

/** Those whose text Hearth has, by name. */
export function awsManagedPolicies(): readonly AwsManagedPolicy[] {
  const policies = Object.keys(known).map((rest) => describe(`arn:aws:iam::aws:policy/${rest}`, rest));
  return policies.sort((left, right) => (left.name < right.name ? -1 : 1));
}

function describe(arn: string, rest: string): AwsManagedPolicy {
  const cut = rest.lastIndexOf('/') + 1;
  const actions = Object.hasOwn(known, rest) ? known[rest] : undefined;
  return {
    arn,
    name: rest.slice(cut),
    path: `/${rest.slice(0, cut)}`,
    ...(actions === undefined ? {} : { document: documentOf(actions) }),
  };
}

function documentOf(actions: readonly string[]): string {
  const statement = { Effect: 'Allow', Action: actions, Resource: '*' };
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
}
