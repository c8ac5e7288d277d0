import re

from checks import *

TIME = r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000'
WHERE = '''
import os, uuid
MADE = str(uuid.uuid4())
def handler(event, context):
    if event.get("exit"):
        os._exit(1)
    return {"made": MADE, "type": os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"], "version": context.function_version}
'''
BROKEN = 'raise Exception("not today")\n'
NO_CONFIG = 'No Provisioned Concurrency Config found for this function'


def published(api, name, source=WHERE):
    create(api, name, source, Publish=True)
    settle(api, name, Qualifier='1')


def put(api, name, qualifier, count=1):
    return api.put_provisioned_concurrency_config(
        FunctionName=name, Qualifier=qualifier, ProvisionedConcurrentExecutions=count
    )


def read(api, name, qualifier):
    return api.get_provisioned_concurrency_config(FunctionName=name, Qualifier=qualifier)


def until(api, name, qualifier, status='READY'):
    return eventually(lambda: read(api, name, qualifier), lambda found: found['Status'] == status)


def counts(answer):
    kinds = ('Requested', 'Available', 'Allocated')
    return [answer[f'{kind}ProvisionedConcurrentExecutions'] for kind in kinds]


def change(api, name, note):
    api.update_function_code(FunctionName=name, ZipFile=zipped({'app.py': f'# {note}\n{WHERE}'}))
    updated(api, name)
    version = api.publish_version(FunctionName=name)['Version']
    settle(api, name, Qualifier=version)
    return version


@check('PutProvisionedConcurrencyConfig answers 202, in progress; the environments follow and serve')
def _():
    api = client()
    published(api, 'ahead')
    body = wire(api, lambda: put(api, 'ahead', '1', 2))
    equal(api.wire.status, 202)
    equal((body['Status'], counts(body)), ('IN_PROGRESS', [2, 0, 0]))
    matches(TIME, body['LastModified'])
    ready = until(api, 'ahead', '1')
    equal(counts(ready), [2, 2, 2])
    answer = result(api, 'ahead', {}, Qualifier='1')
    equal((answer['type'], answer['version']), ('provisioned-concurrency', '1'))
    equal(result(api, 'ahead', {}, Qualifier='1')['made'], answer['made'])
    equal(result(api, 'ahead', {})['type'], 'on-demand')


@check('Init is reported by itself and billed to no invocation')
def _():
    api = client()
    published(api, 'unbilled')
    put(api, 'unbilled', '1')
    until(api, 'unbilled', '1')
    log = invoke(api, 'unbilled', {}, Qualifier='1', LogType='Tail')['log']
    report = next(line for line in log.splitlines() if line.startswith('REPORT'))
    equal('Init Duration' in report, False)
    logs = client('logs')
    events = eventually(
        lambda: logs.filter_log_events(logGroupName='/aws/lambda/unbilled')['events'],
        lambda found: any('REPORT RequestId' in one['message'] for one in found),
    )
    equal(len([one for one in events if one['message'].startswith('INIT_REPORT Init Duration')]), 1)


@check("a function that does not initialise is FAILED, with AWS's reason")
def _():
    api = client()
    published(api, 'broken', BROKEN)
    put(api, 'broken', '1')
    failed = until(api, 'broken', '1', 'FAILED')
    equal((failed['StatusReason'], counts(failed)), ('FUNCTION_ERROR_INIT_FAILURE', [1, 0, 0]))


@check('a crash is made good with an environment that is initialised ahead again')
def _():
    api = client()
    published(api, 'crashing')
    put(api, 'crashing', '1')
    until(api, 'crashing', '1')
    before = result(api, 'crashing', {}, Qualifier='1')['made']
    equal(invoke(api, 'crashing', {'exit': True}, Qualifier='1')['error'], 'Unhandled')
    until(api, 'crashing', '1')
    after = eventually(
        lambda: result(api, 'crashing', {}, Qualifier='1'),
        lambda found: found['type'] == 'provisioned-concurrency',
    )
    equal(after['made'] != before, True)


@check('beyond what is provisioned invocations spill over')
def _():
    api = client()
    slow = 'import os, time\ndef handler(event, context):\n    time.sleep(2.5)\n    return os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"]\n'
    published(api, 'spilling', slow)
    put(api, 'spilling', '1')
    until(api, 'spilling', '1')
    # Made before, since that takes longer than a call.
    callers = [client() for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        types = list(pool.map(lambda caller: result(caller, 'spilling', {}, Qualifier='1'), callers))
    equal(sorted(types), ['on-demand', 'on-demand', 'provisioned-concurrency'])


@check('the configuration of an alias follows it to another version, and its weights')
def _():
    api = client()
    published(api, 'moving')
    api.create_alias(FunctionName='moving', Name='live', FunctionVersion='1')
    put(api, 'moving', 'live', 2)
    until(api, 'moving', 'live')
    second = change(api, 'moving', 'second')
    api.update_alias(FunctionName='moving', Name='live', FunctionVersion=second)
    until(api, 'moving', 'live')
    equal(result(api, 'moving', {}, Qualifier='live'), {**result(api, 'moving', {}, Qualifier='live'), 'type': 'provisioned-concurrency', 'version': second})
    weights = {'AdditionalVersionWeights': {'1': 0.5}}
    api.update_alias(FunctionName='moving', Name='live', RoutingConfig=weights)
    equal(counts(until(api, 'moving', 'live')), [2, 2, 2])
    for version in ['1', second]:
        equal(result(api, 'moving', {}, Qualifier=version)['type'], 'provisioned-concurrency')
    invalid(api, lambda: put(api, 'moving', 'live', 1), 'Alias with weights can not be used with Provisioned Concurrency')


@check('a configuration of a version excludes one of an alias to it, and the other way round')
def _():
    api = client()
    published(api, 'either')
    api.create_alias(FunctionName='either', Name='live', FunctionVersion='1')
    put(api, 'either', '1')
    refused(api, lambda: put(api, 'either', 'live'), 409, 'ResourceConflictException',
            "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version")
    api.delete_provisioned_concurrency_config(FunctionName='either', Qualifier='1')
    equal(api.wire.status, 204)
    put(api, 'either', 'live')
    refused(api, lambda: put(api, 'either', '1'), 409, 'ResourceConflictException',
            'Version is pointed by a Provisioned Concurrency alias')
    put(api, 'either', 'live')


@check("$LATEST, what is not there and zero are refused in AWS's words")
def _():
    api = client()
    published(api, 'wrong')
    api.create_alias(FunctionName='wrong', Name='head', FunctionVersion='$LATEST')
    unpublished = 'Provisioned Concurrency Configs cannot be applied to unpublished function versions.'
    invalid(api, lambda: put(api, 'wrong', '$LATEST'), unpublished)
    invalid(api, lambda: put(api, 'wrong', 'head'), unpublished)
    missing(api, lambda: put(api, 'wrong', 'nobody'), f'Cannot find alias arn: {arn("wrong:nobody")}')
    missing(api, lambda: put(api, 'wrong', '7'), f'Function not found: {arn("wrong:7")}')
    violates(api, lambda: put(api, 'wrong', '1', 0), 0, 'provisionedConcurrentExecutions',
             'Member must have value greater than or equal to 1')
    for call in [read, lambda api, name, qualifier: api.delete_provisioned_concurrency_config(FunctionName=name, Qualifier=qualifier)]:
        invalid(api, lambda: call(api, 'wrong', '$LATEST'), 'The function resource provided must be an alias or a published version.')
        missing(api, lambda: call(api, 'wrong', 'nobody'), f'Cannot find alias arn: {arn("wrong:nobody")}')
    refused(api, lambda: read(api, 'wrong', '1'), 404, 'ProvisionedConcurrencyConfigNotFoundException', NO_CONFIG)
    api.delete_provisioned_concurrency_config(FunctionName='wrong', Qualifier='1')


@check('the limits of account and function bound it, and it bounds them')
def _():
    api = client(region='eu-west-3')
    published(api, 'bounded')
    invalid(api, lambda: put(api, 'bounded', '1', 1001),
            "Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [1000].", type=None)
    invalid(api, lambda: put(api, 'bounded', '1', 901),
            "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].", type=None)
    unreserved = lambda: api.get_account_settings()['AccountLimit']['UnreservedConcurrentExecutions']
    put(api, 'bounded', '1', 2)
    equal(unreserved(), 998)
    reserve = lambda count: api.put_function_concurrency(FunctionName='bounded', ReservedConcurrentExecutions=count)
    invalid(api, lambda: reserve(1),
            " ReservedConcurrentExecutions  1 should not be lower than function's total provisioned concurrency [2].")
    reserve(2)
    equal(unreserved(), 998)
    invalid(api, lambda: put(api, 'bounded', '1', 3),
            'Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function')
    until(api, 'bounded', '1')
    refused(api, lambda: api.invoke(FunctionName='bounded'), 429, 'TooManyRequestsException', 'Rate Exceeded.',
            Reason='ReservedFunctionConcurrentInvocationLimitExceeded')
    for _ in range(3):
        equal(result(api, 'bounded', {}, Qualifier='1')['type'], 'provisioned-concurrency')


@check('ListProvisionedConcurrencyConfigs pages over the versions and aliases of a function')
def _():
    api = client()
    published(api, 'listed')
    second = change(api, 'listed', 'second')
    api.create_alias(FunctionName='listed', Name='live', FunctionVersion='1')
    put(api, 'listed', 'live')
    put(api, 'listed', second)
    pages = api.get_paginator('list_provisioned_concurrency_configs')
    found = [one for page in pages.paginate(FunctionName='listed', PaginationConfig={'PageSize': 1}) for one in page['ProvisionedConcurrencyConfigs']]
    equal([one['FunctionArn'] for one in found], [arn(f'listed:{second}'), arn('listed:live')])
    equal([one['RequestedProvisionedConcurrentExecutions'] for one in found], [1, 1])
    missing(api, lambda: api.list_provisioned_concurrency_configs(FunctionName='nothing'), f'Function not found: {arn("nothing")}')


@check('the configuration goes with its version, its alias and its function')
def _():
    api = client()
    published(api, 'going')
    second = change(api, 'going', 'second')
    api.create_alias(FunctionName='going', Name='live', FunctionVersion='1')
    put(api, 'going', second)
    put(api, 'going', 'live')
    api.delete_function(FunctionName='going', Qualifier=second)
    missing(api, lambda: read(api, 'going', second), f'Function not found: {arn(f"going:{second}")}')
    api.delete_alias(FunctionName='going', Name='live')
    equal(api.list_provisioned_concurrency_configs(FunctionName='going')['ProvisionedConcurrencyConfigs'], [])
    put(api, 'going', '1')
    api.delete_function(FunctionName='going')
    published(api, 'going')
    refused(api, lambda: read(api, 'going', '1'), 404, 'ProvisionedConcurrencyConfigNotFoundException', NO_CONFIG)


run()
