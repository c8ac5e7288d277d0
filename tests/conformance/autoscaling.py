import datetime
import re

from checks import *

DIMENSION = 'lambda:function:ProvisionedConcurrency'


def scaler(**more):
    return client('application-autoscaling', **more)


def resource(name, qualifier='live'):
    return {'ServiceNamespace': 'lambda', 'ResourceId': f'function:{name}:{qualifier}', 'ScalableDimension': DIMENSION}


def aliased(name):
    api = client()
    create(api, name, Publish=True)
    settle(api, name, Qualifier='1')
    api.create_alias(FunctionName=name, Name='live', FunctionVersion='1')
    return api


def rejected(api, call, error, text):
    """JSON 1.1: the error's name is `__type`, and the text `message`."""
    body = wire(api, call)
    wanted = body.get('message') if isinstance(text, re.Pattern) and text.fullmatch(body.get('message') or '') else text
    equal((api.wire.status, body), (400, {'__type': error, 'message': wanted}))


def no_target(name, found):
    return f'No scalable target {found} for service namespace: lambda, resource ID: function:{name}:live, scalable dimension: {DIMENSION}'


@check('a target is registered, described, changed and deregistered, and its function is brought within the bounds')
def _():
    api, scaling = aliased('scaled'), scaler()
    made = scaling.register_scalable_target(**resource('scaled'), MinCapacity=1, MaxCapacity=3, Tags={'team': 'a'})
    arn_pattern = rf'arn:aws:application-autoscaling:{REGION}:{ACCOUNT}:scalable-target/[0-9a-f]{{32}}'
    matches(arn_pattern, made['ScalableTargetARN'])
    config = lambda: api.get_provisioned_concurrency_config(FunctionName='scaled', Qualifier='live')
    equal(config()['RequestedProvisionedConcurrentExecutions'], 1)
    again = scaling.register_scalable_target(**resource('scaled'), MinCapacity=2)
    equal(again['ScalableTargetARN'], made['ScalableTargetARN'])
    equal(config()['RequestedProvisionedConcurrentExecutions'], 2)
    eventually(config, lambda found: found['Status'] == 'READY')
    [shown] = scaling.describe_scalable_targets(ServiceNamespace='lambda', ResourceIds=['function:scaled:live'])['ScalableTargets']
    equal((shown['MinCapacity'], shown['MaxCapacity'], shown['ScalableDimension']), (2, 3, DIMENSION))
    matches(r'arn:aws:iam::0{12}:role/aws-service-role/lambda\..*_LambdaConcurrency', shown['RoleARN'])
    equal(shown['SuspendedState'], {'DynamicScalingInSuspended': False, 'DynamicScalingOutSuspended': False, 'ScheduledScalingSuspended': False})
    scaling.deregister_scalable_target(**resource('scaled'))
    equal(config()['RequestedProvisionedConcurrentExecutions'], 2)
    rejected(scaling, lambda: scaling.deregister_scalable_target(**resource('scaled')), 'ObjectNotFoundException', no_target('scaled', 'found'))


@check('a target can be tagged')
def _():
    aliased('tagged')
    scaling = scaler()
    made = scaling.register_scalable_target(**resource('tagged'), MinCapacity=0, MaxCapacity=1, Tags={'team': 'a'})['ScalableTargetARN']
    scaling.tag_resource(ResourceARN=made, Tags={'cost': 'b'})
    equal(scaling.list_tags_for_resource(ResourceARN=made)['Tags'], {'team': 'a', 'cost': 'b'})
    scaling.untag_resource(ResourceARN=made, TagKeys=['team'])
    equal(scaling.list_tags_for_resource(ResourceARN=made)['Tags'], {'cost': 'b'})
    rejected(scaling, lambda: scaling.list_tags_for_resource(ResourceARN=made[:-3] + 'xyz'), 'ResourceNotFoundException', re.compile('The resource with ARN .* does not exist.'))


@check('a scheduled action is put, shown with its ARN, changed, and runs when it is due')
def _():
    api, scaling = aliased('timed'), scaler()
    scaling.register_scalable_target(**resource('timed'), MinCapacity=0, MaxCapacity=0)
    put = lambda **more: scaling.put_scheduled_action(**resource('timed'), ScheduledActionName='up', **more)
    put(Schedule='cron(0 9 ? * MON-FRI *)', Timezone='Europe/Berlin', ScalableTargetAction={'MinCapacity': 1, 'MaxCapacity': 2})
    [shown] = scaling.describe_scheduled_actions(ServiceNamespace='lambda', ResourceId='function:timed:live')['ScheduledActions']
    matches(rf'arn:aws:autoscaling:{REGION}:{ACCOUNT}:scheduledAction:[0-9a-f-]{{36}}:resource/lambda/function:timed:live:scheduledActionName/up', shown['ScheduledActionARN'])
    equal((shown['Schedule'], shown['Timezone'], shown['ScalableTargetAction']),
          ('cron(0 9 ? * MON-FRI *)', 'Europe/Berlin', {'MinCapacity': 1, 'MaxCapacity': 2}))
    soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2)
    put(Schedule=f'at({soon:%Y-%m-%dT%H:%M:%S})', Timezone='UTC')
    config = eventually(
        lambda: api.list_provisioned_concurrency_configs(FunctionName='timed')['ProvisionedConcurrencyConfigs'],
        lambda found: len(found) == 1 and found[0]['Status'] == 'READY', tries=5000)
    equal(config[0]['RequestedProvisionedConcurrentExecutions'], 1)
    [target] = scaling.describe_scalable_targets(ServiceNamespace='lambda', ResourceIds=['function:timed:live'])['ScalableTargets']
    equal((target['MinCapacity'], target['MaxCapacity']), (1, 2))
    scaling.delete_scheduled_action(**resource('timed'), ScheduledActionName='up')
    rejected(scaling, lambda: scaling.delete_scheduled_action(**resource('timed'), ScheduledActionName='up'), 'ObjectNotFoundException',
             f'No scheduled action found for service namespace: lambda, resource ID: function:timed:live, scalable dimension: {DIMENSION}, scheduled action name: up')


@check('what is described is paged, and only one account and region is seen')
def _():
    scaling = scaler(region='eu-north-1')
    api = client(region='eu-north-1')
    create(api, 'paged', Publish=True)
    settle(api, 'paged', Qualifier='1')
    for name in 'abc':
        api.create_alias(FunctionName='paged', Name=name, FunctionVersion='1')
        scaling.register_scalable_target(**resource('paged', name), MinCapacity=0, MaxCapacity=0)
        scaling.put_scheduled_action(**resource('paged', name), ScheduledActionName='x', Schedule='rate(1 day)', ScalableTargetAction={'MaxCapacity': 1})
    for operation, item in [('describe_scalable_targets', 'ScalableTargets'), ('describe_scheduled_actions', 'ScheduledActions')]:
        pages = scaling.get_paginator(operation).paginate(ServiceNamespace='lambda', PaginationConfig={'PageSize': 2})
        equal([one['ResourceId'] for page in pages for one in page[item]], [f'function:paged:{name}' for name in 'abc'])
    rejected(scaling, lambda: scaling.describe_scalable_targets(ServiceNamespace='lambda', NextToken='x'), 'InvalidNextTokenException', 'The next token supplied was invalid.')


@check('what cannot be is refused')
def _():
    aliased('refusing')
    scaling = scaler()
    register = lambda **more: scaling.register_scalable_target(**{**resource('refusing'), **more})
    rejected(scaling, lambda: register(), 'ValidationException', re.compile('MinCapacity and MaxCapacity must be specified .*'))
    rejected(scaling, lambda: register(MinCapacity=3, MaxCapacity=2), 'ValidationException', 'Maximum capacity cannot be less than minimum capacity')
    rejected(scaling, lambda: register(MinCapacity=0, MaxCapacity=1, ResourceId='function:refusing'), 'ValidationException',
             'Unsupported service namespace, resource type or scalable dimension')
    rejected(scaling, lambda: register(MinCapacity=0, MaxCapacity=1, ResourceId='function:nobody:live'), 'ValidationException',
             f'Function not found: {arn("nobody:live")}')
    rejected(scaling, lambda: register(MinCapacity=5000, MaxCapacity=5000), 'ValidationException', re.compile('Specified ConcurrentExecutions for function is greater .*'))
    equal(scaling.describe_scalable_targets(ServiceNamespace='lambda', ResourceIds=['function:refusing:live'])['ScalableTargets'], [])
    rejected(scaling, lambda: scaling.put_scheduled_action(**resource('refusing'), ScheduledActionName='x', Schedule='rate(1 day)'),
             'ObjectNotFoundException', no_target('refusing', 'registered'))
    register(MinCapacity=0, MaxCapacity=0)
    put = lambda **more: scaling.put_scheduled_action(**resource('refusing'), ScheduledActionName='x', **more)
    rejected(scaling, lambda: put(Schedule='rate(1 day)'), 'ValidationException', re.compile('At least one of MinCapacity and MaxCapacity .*'))
    rejected(scaling, lambda: put(Schedule='cron(0 9 * * *)', ScalableTargetAction={'MinCapacity': 1}), 'ValidationException', 'A cron expression has six fields.')
    for call, said in [
        (lambda: scaling.put_scaling_policy(**resource('refusing'), PolicyName='p', PolicyType='TargetTrackingScaling'), 'PutScalingPolicy'),
        (lambda: scaling.describe_scalable_targets(ServiceNamespace='ecs'), 'DescribeScalableTargets: ServiceNamespace=ecs'),
    ]:
        body = wire(scaling, call)
        equal((scaling.wire.status, body['__type']), (501, 'NotImplemented'))
        matches(rf'Hearth does not implement {said}\..*', body['message'])


run()
