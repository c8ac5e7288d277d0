import re

from checks import *

WHO = '''
import uuid
MADE = str(uuid.uuid4())
def handler(event, context):
    print("called")
    return {"made": MADE, "tenant": context.tenant_id}
'''
NODE = 'exports.handler = async (event, context) => ({ tenant: context.tenantId });\n'
PER_TENANT = {'TenantIsolationMode': 'PER_TENANT'}
NEEDED = 'The invoked function is enabled with tenancy configuration. Add a valid tenant ID in your request and try again.'
NOT_TAKEN = 'The invoked function is not enabled with tenancy configuration. Remove the tenant ID from your request and try again.'


def isolated(api, name, **more):
    return create(api, name, WHO, TenancyConfig=PER_TENANT, **more)


@check('TenancyConfig is shown, kept by versions, and stays through updates')
def _():
    api = client()
    equal(isolated(api, 'shown', Publish=True)['TenancyConfig'], PER_TENANT)
    api.update_function_configuration(FunctionName='shown', MemorySize=256)
    updated(api, 'shown')
    equal(api.get_function_configuration(FunctionName='shown')['TenancyConfig'], PER_TENANT)
    equal(api.get_function_configuration(FunctionName='shown', Qualifier='1')['TenancyConfig'], PER_TENANT)
    create(api, 'plain')
    equal('TenancyConfig' in api.get_function_configuration(FunctionName='plain'), False)
    violates(api, lambda: api.create_function(**definition('other', TenancyConfig={'TenantIsolationMode': 'SHARED'})),
             'SHARED', 'tenancyConfig.tenantIsolationMode', 'Member must satisfy enum value set: [PER_TENANT]')


@check('each tenant has environments of its own, and the function is told whose invocation it is')
def _():
    api = client()
    isolated(api, 'isolated')
    first = {tenant: result(api, 'isolated', {}, TenantId=tenant) for tenant in ('blue', 'green')}
    equal([first[one]['tenant'] for one in first], ['blue', 'green'])
    equal(first['blue']['made'] != first['green']['made'], True)
    for tenant in ('green', 'blue'):
        equal(result(api, 'isolated', {}, TenantId=tenant), first[tenant])
    api.create_function(**{**definition('isolated-node', TenancyConfig=PER_TENANT), 'Runtime': 'nodejs24.x',
                           'Handler': 'index.handler', 'Code': {'ZipFile': zipped({'index.js': NODE})}})
    settle(api, 'isolated-node')
    equal(result(api, 'isolated-node', {}, TenantId='a b/c@d'), {'tenant': 'a b/c@d'})


@check('a tenant is needed where tenants are isolated, and taken nowhere else')
def _():
    api = client()
    isolated(api, 'needing')
    create(api, 'sharing')
    invalid(api, lambda: api.invoke(FunctionName='needing'), NEEDED)
    invalid(api, lambda: api.invoke_with_response_stream(FunctionName='needing'), NEEDED)
    stream = api.invoke_with_response_stream(FunctionName='needing', TenantId='blue')['EventStream']
    chunks = b''.join(one['PayloadChunk']['Payload'] for one in stream if 'PayloadChunk' in one)
    equal(json.loads(chunks)['tenant'], 'blue')
    invalid(api, lambda: api.invoke(FunctionName='sharing', TenantId='blue'), NOT_TAKEN)
    invalid(api, lambda: api.invoke(FunctionName='needing', InvocationType='DryRun'), NEEDED)
    equal(api.invoke(FunctionName='needing', InvocationType='DryRun', TenantId='blue')['StatusCode'], 204)
    refused(api, lambda: api.invoke(FunctionName='needing', TenantId='a,b'), 400, 'ValidationException',
            re.compile(r"1 validation error detected: Value 'a,b' at 'tenantId' failed to satisfy constraint: .*"), type=None)
    violates(api, lambda: api.invoke(FunctionName='needing', TenantId='t' * 257), 't' * 257, 'tenantId',
             'Member must have length less than or equal to 256')


@check('provisioned concurrency is refused for a function with isolated tenants')
def _():
    api = client()
    isolated(api, 'no-pc', Publish=True)
    settle(api, 'no-pc', Qualifier='1')
    invalid(api, lambda: api.put_provisioned_concurrency_config(FunctionName='no-pc', Qualifier='1', ProvisionedConcurrentExecutions=1),
            'Provisioned Concurrency is not supported for functions with tenant isolation.')


@check('JSON logs name the tenant')
def _():
    api = client()
    isolated(api, 'logging', LoggingConfig={'LogFormat': 'JSON', 'ApplicationLogLevel': 'INFO', 'SystemLogLevel': 'INFO'})
    log = invoke(api, 'logging', {}, TenantId='blue', LogType='Tail')['log']
    lines = [json.loads(line) for line in log.splitlines() if line.startswith('{')]
    start = next(line for line in lines if line.get('type') == 'platform.start')
    equal(start['record']['tenantId'], 'blue')


run()
