import {
  DeleteScheduledActionCommand,
  DeregisterScalableTargetCommand,
  DescribeScheduledActionsCommand,
  ApplicationAutoScalingClient,
  ObjectNotFoundException,
  PutScheduledActionCommand,
  paginateDescribeScalableTargets,
  RegisterScalableTargetCommand,
  ValidationException,
} from '@aws-sdk/client-application-auto-scaling';
import { describe, expect, test } from 'vitest';
import { createPython, lambdaClient } from '../support/functions.ts';
import { startHearth } from '../support/hearth.ts';
import { boto3Checks } from '../support/boto3-checks.ts';

describe('Application Auto Scaling, through boto3', () => boto3Checks('autoscaling.py'));

test('through the AWS SDK for JavaScript', async () => {
  const hearth = await startHearth();
  const { endpoint } = hearth;
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new ApplicationAutoScalingClient({
    endpoint,
    credentials,
    region: 'us-east-1',
    maxAttempts: 1,
  });
  try {
    await createPython(lambdaClient(endpoint), 'scaled', 'def handler(e, c):\n    return e\n', {
      Publish: true,
    });
    const resource = {
      ServiceNamespace: 'lambda',
      ResourceId: 'function:scaled:1',
      ScalableDimension: 'lambda:function:ProvisionedConcurrency',
    } as const;
    const action = { ...resource, ScheduledActionName: 'night' };
    await expect(
      client.send(new PutScheduledActionCommand({ ...action, Schedule: 'rate(1 day)' })),
    ).rejects.toThrow(ObjectNotFoundException);
    await client.send(new RegisterScalableTargetCommand({ ...resource, MinCapacity: 0, MaxCapacity: 2 }));
    await expect(
      client.send(
        new PutScheduledActionCommand({
          ...action,
          Schedule: 'daily',
          ScalableTargetAction: { MinCapacity: 1 },
        }),
      ),
    ).rejects.toThrow(ValidationException);
    const StartTime = new Date('2030-01-01T00:00:00Z');
    await client.send(
      new PutScheduledActionCommand({
        ...action,
        Schedule: 'rate(1 day)',
        StartTime,
        ScalableTargetAction: { MinCapacity: 1 },
      }),
    );
    const { ScheduledActions } = await client.send(
      new DescribeScheduledActionsCommand({ ServiceNamespace: 'lambda' }),
    );
    expect(ScheduledActions).toMatchObject([
      { ScheduledActionName: 'night', StartTime, Schedule: 'rate(1 day)' },
    ]);
    await client.send(new DeleteScheduledActionCommand(action));
    const ids: (string | undefined)[] = [];
    for await (const page of paginateDescribeScalableTargets({ client }, { ServiceNamespace: 'lambda' }))
      ids.push(...(page.ScalableTargets ?? []).map(({ ResourceId }) => ResourceId));
    expect(ids).toEqual(['function:scaled:1']);
    await client.send(new DeregisterScalableTargetCommand(resource));
  } finally {
    client.destroy();
    await hearth.dispose();
  }
});
