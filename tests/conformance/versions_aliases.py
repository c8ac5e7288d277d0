import re

from checks import *

CREATING = 'The function is being created.'
PATTERN = 'Member must satisfy regular expression pattern: '
UUID = r'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'
WRONG_REVISION = 'The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id'
CONFIGURATION = [
    'Architectures',
    'CodeSha256',
    'CodeSize',
    'Description',
    'EphemeralStorage',
    'FunctionArn',
    'FunctionName',
    'Handler',
    'LastModified',
    'LastUpdateStatus',
    'LoggingConfig',
    'MemorySize',
    'PackageType',
    'RevisionId',
    'Role',
    'Runtime',
    'RuntimeVersionConfig',
    'SnapStart',
    'State',
    'Timeout',
    'TracingConfig',
    'Version',
]
LISTED = [one for one in CONFIGURATION if one not in ('LastUpdateStatus', 'RuntimeVersionConfig', 'State')]


def says(text):
    return f'def handler(event, context):\n    return "{text}"\n'


def change(api, name, text):
    api.update_function_code(FunctionName=name, ZipFile=zipped({'app.py': says(text)}))
    updated(api, name)


def two_versions(api, name):
    create(api, name, says('one'), Publish=True)
    change(api, name, 'two')
    api.publish_version(FunctionName=name)


@check('PublishVersion answers 201 with an active version under its qualified ARN')
def _():
    api = client()
    create(api, 'published')
    body = wire(api, lambda: api.publish_version(FunctionName='published', Description='first'))
    equal((api.wire.status, sorted(body)), (201, CONFIGURATION))
    shown = [body[one] for one in ('FunctionArn', 'Version', 'State', 'LastUpdateStatus', 'Description')]
    equal(shown, [arn('published:1'), '1', 'Active', 'Successful', 'first'])
    equal(api.get_function_configuration(FunctionName='published')['Description'], '')


@check('publishing what has not changed answers the last version again')
def _():
    api = client()
    create(api, 'same-again')
    first = api.publish_version(FunctionName='same-again')
    body = wire(api, lambda: api.publish_version(FunctionName='same-again', Description='ignored'))
    equal((api.wire.status, body['Version'], body['RevisionId']), (201, '1', first['RevisionId']))
    equal(body['Description'], '')


@check('a change of code and one of configuration each make a new version')
def _():
    api = client()
    create(api, 'numbered', says('one'))
    equal(api.publish_version(FunctionName='numbered')['Version'], '1')
    change(api, 'numbered', 'two')
    equal(api.publish_version(FunctionName='numbered')['Version'], '2')
    api.update_function_configuration(FunctionName='numbered', Timeout=9)
    updated(api, 'numbered')
    equal(api.publish_version(FunctionName='numbered')['Version'], '3')
    equal([result(api, 'numbered', Qualifier=one) for one in '123'], ['one', 'two', 'two'])
    equal(api.get_function_configuration(FunctionName='numbered', Qualifier='1')['Timeout'], 3)


@check('a version that was deleted leaves its number unused')
def _():
    api = client()
    two_versions(api, 'gap')
    api.delete_function(FunctionName='gap', Qualifier='2')
    equal(api.wire.status, 204)
    change(api, 'gap', 'three')
    equal(api.publish_version(FunctionName='gap')['Version'], '3')
    listed = api.list_versions_by_function(FunctionName='gap')['Versions']
    equal([one['Version'] for one in listed], ['$LATEST', '1', '3'])
    missing(api, lambda: api.get_function(FunctionName='gap', Qualifier='2'), f"Function not found: {arn('gap')}:2")
    missing(api, lambda: api.invoke(FunctionName='gap', Qualifier='2'), f"Function not found: {arn('gap')}:2")


@check('publishing other code than $LATEST has is refused with both hashes')
def _():
    api = client()
    current = create(api, 'hashed')['CodeSha256']
    text = f'CodeSHA256 (other) is different from current CodeSHA256 in $LATEST ({current}). Please try again with the CodeSHA256 in $LATEST.'
    invalid(api, lambda: api.publish_version(FunctionName='hashed', CodeSha256='other'), text)
    equal(api.publish_version(FunctionName='hashed', CodeSha256=current)['Version'], '1')


@check('UpdateFunctionCode with Publish answers the pending version, while $LATEST is in progress')
def _():
    api = client()
    create(api, 'publish-now', says('one'))
    archive = zipped({'app.py': says('two')})
    body = wire(api, lambda: api.update_function_code(FunctionName='publish-now', ZipFile=archive, Publish=True))
    shown = [body.get(one) for one in ('FunctionArn', 'Version', 'State', 'StateReason', 'StateReasonCode', 'LastUpdateStatus')]
    equal((api.wire.status, shown), (200, [arn('publish-now:1'), '1', 'Pending', CREATING, 'Creating', None]))
    settle(api, 'publish-now', 'published_version_active', Qualifier='1')
    updated(api, 'publish-now')
    equal(result(api, 'publish-now', Qualifier='1'), 'two')
    change(api, 'publish-now', 'three')
    equal([result(api, 'publish-now', Qualifier=one) for one in ('1', '$LATEST')], ['two', 'three'])


@check('versions are listed from $LATEST on, without states, page by page')
def _():
    api = client()
    two_versions(api, 'paged')
    body = wire(api, lambda: api.list_versions_by_function(FunctionName='paged'))
    equal(sorted(body), ['Versions'])
    equal([sorted(one) for one in body['Versions']], [LISTED] * 3)
    expected = [arn(f'paged:{one}') for one in ('$LATEST', '1', '2')]
    equal([one['FunctionArn'] for one in body['Versions']], expected)
    pages = api.get_paginator('list_versions_by_function').paginate(
        FunctionName='paged', PaginationConfig={'PageSize': 1}
    )
    equal([[one['FunctionArn'] for one in page['Versions']] for page in pages], [[one] for one in expected])


@check('$LATEST cannot be deleted, nor an alias by DeleteFunction')
def _():
    api = client()
    create(api, 'kept', Publish=True)
    text = '$LATEST version cannot be deleted without deleting the function.'
    invalid(api, lambda: api.delete_function(FunctionName='kept', Qualifier='$LATEST'), text)
    api.create_alias(FunctionName='kept', Name='live', FunctionVersion='1')
    text = 'Deletion of aliases is not currently supported.'
    invalid(api, lambda: api.delete_function(FunctionName='kept', Qualifier='live'), text)
    equal(result(api, 'kept', {}, Qualifier='live'), {'hello': {}})


@check('deleting a version that is not there is no error, unless the function is missing')
def _():
    api = client()
    create(api, 'no-version')
    api.delete_function(FunctionName='no-version', Qualifier='7')
    equal(api.wire.status, 204)
    text = f"Function not found: {arn('nowhere')}"
    missing(api, lambda: api.delete_function(FunctionName='nowhere', Qualifier='7'), text)


@check('a version that an alias points to cannot be deleted')
def _():
    api = client()
    two_versions(api, 'referenced')
    weights = {'AdditionalVersionWeights': {'2': 0.5}}
    api.create_alias(FunctionName='referenced', Name='live', FunctionVersion='1', RoutingConfig=weights)
    for version in '12':
        refused(
            api,
            lambda: api.delete_function(FunctionName='referenced', Qualifier=version),
            409,
            'ResourceConflictException',
            re.compile(rf'.*{version}.*live.*'),
        )


@check('CreateAlias answers 201 with exactly the members of an alias')
def _():
    api = client()
    create(api, 'aliased', Publish=True)
    body = wire(api, lambda: api.create_alias(FunctionName='aliased', Name='live', FunctionVersion='1'))
    equal(api.wire.status, 201)
    matches(UUID, body.pop('RevisionId'))
    expected = {'AliasArn': arn('aliased:live'), 'Name': 'live', 'FunctionVersion': '1', 'Description': ''}
    equal(body, expected)
    body = wire(api, lambda: api.get_alias(FunctionName='aliased', Name='live'))
    body.pop('RevisionId')
    equal((api.wire.status, body), (200, expected))


@check('an alias that is there already is a conflict')
def _():
    api = client()
    create(api, 'alias-twice', Publish=True)
    call = lambda: api.create_alias(FunctionName='alias-twice', Name='live', FunctionVersion='1')
    call()
    refused(api, call, 409, 'ResourceConflictException', f"Alias already exists: {arn('alias-twice:live')}")


@check('each operation says in its own words that an alias is missing')
def _():
    api = client()
    create(api, 'alias-missing', Publish=True)
    named, alias = {'FunctionName': 'alias-missing'}, arn('alias-missing:gone')
    missing(api, lambda: api.get_alias(Name='gone', **named), f'Cannot find alias arn: {alias}')
    missing(api, lambda: api.update_alias(Name='gone', **named), f'Alias not found: {alias}')
    missing(api, lambda: api.get_function(Qualifier='gone', **named), f'Function not found: {alias}')
    missing(api, lambda: api.invoke(Qualifier='gone', **named), f'Function not found: {alias}')
    permission = {'StatementId': 's', 'Action': 'lambda:InvokeFunction', 'Principal': '*', 'Qualifier': 'gone'}
    missing(api, lambda: api.add_permission(**permission, **named), f'Cannot find alias arn: {alias}')
    for _ in range(2):
        api.delete_alias(Name='gone', **named)
        equal((api.wire.status, api.wire.body), (204, b''))


@check('an alias needs a version that is there')
def _():
    api = client()
    create(api, 'alias-version', Publish=True)
    text = f"Function not found: {arn('alias-version')}:10"
    call = lambda **more: api.create_alias(**{'FunctionName': 'alias-version', 'Name': 'a', 'FunctionVersion': '1', **more})
    missing(api, lambda: call(FunctionVersion='10'), text)
    missing(api, lambda: call(RoutingConfig={'AdditionalVersionWeights': {'10': 0.5}}), text)
    call()
    missing(api, lambda: api.update_alias(FunctionName='alias-version', Name='a', FunctionVersion='10'), text)


@check('an alias has at most one weight, of another version, and not for $LATEST')
def _():
    api = client()
    two_versions(api, 'weights')
    change(api, 'weights', 'three')
    api.publish_version(FunctionName='weights')

    def call(weights, version='1'):
        routing = {'AdditionalVersionWeights': weights}
        return api.create_alias(FunctionName='weights', Name='a', FunctionVersion=version, RoutingConfig=routing)

    text = 'Number of items in AdditionalVersionWeights cannot be greater than 1'
    invalid(api, lambda: call({'2': 0.2, '3': 0.2}), text)
    text = 'Invalid function version 1. Function version 1 is already included in routing configuration.'
    invalid(api, lambda: call({'1': 0.5}), text)
    text = '$LATEST is not supported for an alias pointing to more than 1 version'
    invalid(api, lambda: call({'1': 0.5}, '$LATEST'), text, type=None)


@check('weights outside 0 to 1, and versions that are no numbers, are refused by rule')
def _():
    api = client()
    path = 'routingConfig.additionalVersionWeights'

    def call(weights):
        routing = {'AdditionalVersionWeights': weights}
        return api.create_alias(FunctionName='x', Name='a', FunctionVersion='1', RoutingConfig=routing)

    for weight, shown in [(2, '2.0'), (-1, '-1.0')]:
        rule = 'Map value must satisfy constraint: [Member must have value less than or equal to 1, Member must have value greater than or equal to 0, Member must not be null]'
        violates(api, lambda: call({'2': weight}), f'{{2={shown}}}', path, rule)
    rule = f'Map keys must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 1, {PATTERN}[0-9]+, Member must not be null]'
    violates(api, lambda: call({'$LATEST': 0.5}), '{$LATEST=0.5}', path, rule)


@check('the name of an alias is no number')
def _():
    api = client()
    call = lambda: api.create_alias(FunctionName='x', Name='123', FunctionVersion='1')
    violates(api, call, '123', 'name', PATTERN + '(?!^[0-9]+$)([a-zA-Z0-9-_]+)')


@check('UpdateAlias changes what it names, with a new revision')
def _():
    api = client()
    two_versions(api, 'realiased')
    made = api.create_alias(FunctionName='realiased', Name='a', FunctionVersion='1', Description='kept')
    named = {'FunctionName': 'realiased', 'Name': 'a'}
    body = wire(api, lambda: api.update_alias(**named, FunctionVersion='2'))
    equal((api.wire.status, body['FunctionVersion'], body['Description']), (200, '2', 'kept'))
    assert body['RevisionId'] != made['RevisionId']
    weighted = wire(api, lambda: api.update_alias(**named, RoutingConfig={'AdditionalVersionWeights': {'1': 0.25}}))
    equal(weighted['RoutingConfig'], {'AdditionalVersionWeights': {'1': 0.25}})
    plain = wire(api, lambda: api.update_alias(**named, RoutingConfig={'AdditionalVersionWeights': {}}))
    equal(sorted(plain), ['AliasArn', 'Description', 'FunctionVersion', 'Name', 'RevisionId'])


@check('UpdateAlias refuses a wrong revision and takes the right one')
def _():
    api = client()
    create(api, 'alias-revision', Publish=True)
    made = api.create_alias(FunctionName='alias-revision', Name='a', FunctionVersion='1')
    named = {'FunctionName': 'alias-revision', 'Name': 'a', 'Description': 'new'}
    call = lambda: api.update_alias(**named, RevisionId='wrong')
    refused(api, call, 412, 'PreconditionFailedException', WRONG_REVISION)
    api.update_alias(**named, RevisionId=made['RevisionId'])
    stale = lambda: api.update_alias(**named, RevisionId=made['RevisionId'])
    refused(api, stale, 412, 'PreconditionFailedException', WRONG_REVISION)


@check('aliases are listed by name, by version, and page by page')
def _():
    api = client()
    two_versions(api, 'aliases')
    for name, version in [('c', '1'), ('a', '2'), ('b', '$LATEST')]:
        api.create_alias(FunctionName='aliases', Name=name, FunctionVersion=version)
    body = wire(api, lambda: api.list_aliases(FunctionName='aliases'))
    equal((sorted(body), [one['Name'] for one in body['Aliases']]), (['Aliases'], ['a', 'b', 'c']))
    equal(sorted(body['Aliases'][0]), ['AliasArn', 'Description', 'FunctionVersion', 'Name', 'RevisionId'])
    of_two = api.list_aliases(FunctionName='aliases', FunctionVersion='2')['Aliases']
    equal([one['Name'] for one in of_two], ['a'])
    pages = api.get_paginator('list_aliases').paginate(FunctionName='aliases', PaginationConfig={'PageSize': 2})
    equal([[one['Name'] for one in page['Aliases']] for page in pages], [['a', 'b'], ['c']])


@check('a page has at most 50 items, however many were asked for')
def _():
    api = client()
    create(api, 'crowd')
    for number in range(51):
        api.create_alias(FunctionName='crowd', Name=f'a{number:02}', FunctionVersion='$LATEST')
    for more in [{}, {'MaxItems': 10000}]:
        page = api.list_aliases(FunctionName='crowd', **more)
        equal((len(page['Aliases']), page['Aliases'][-1]['Name']), (50, 'a49'))
        rest = wire(api, lambda: api.list_aliases(FunctionName='crowd', Marker=page['NextMarker']))
        equal((sorted(rest), [one['Name'] for one in rest['Aliases']]), (['Aliases'], ['a50']))


@check('GetFunction by an alias keeps it in the ARN and shows the version behind it')
def _():
    api = client()
    create(api, 'through', Publish=True)
    version = api.get_function_configuration(FunctionName='through', Qualifier='1')
    api.create_alias(FunctionName='through', Name='live', FunctionVersion='1')
    for request in [{'FunctionName': 'through', 'Qualifier': 'live'}, {'FunctionName': arn('through:live')}]:
        shown = api.get_function(**request)['Configuration']
        equal((shown['FunctionArn'], shown['Version']), (arn('through:live'), '1'))
        equal(shown['RevisionId'], version['RevisionId'])
        equal(api.get_function_configuration(**request)['FunctionArn'], arn('through:live'))


@check('an invocation through an alias runs its version, which sees the alias in its ARN')
def _():
    api = client()
    source = 'def handler(event, context):\n    return [context.invoked_function_arn, context.function_version]\n'
    create(api, 'alias-run', source, Publish=True)
    api.create_alias(FunctionName='alias-run', Name='live', FunctionVersion='1')
    for request in [{'Qualifier': 'live'}, {'name': 'alias-run:live'}, {'name': arn('alias-run:live')}]:
        answer = invoke(api, **{'name': 'alias-run', **request}, LogType='Tail')
        equal((answer['payload'], answer['version']), ([arn('alias-run:live'), '1'], '1'))
        assert re.search(r'START RequestId: \S+ Version: 1\n', answer['log']), answer['log']


@check('what is invoked unqualified, by $LATEST and by number sees exactly that ARN')
def _():
    api = client()
    source = 'def handler(event, context):\n    return [context.invoked_function_arn, context.function_version]\n'
    create(api, 'exact', source, Publish=True)
    for qualifier, seen, version in [
        (None, 'exact', '$LATEST'),
        ('$LATEST', 'exact:$LATEST', '$LATEST'),
        ('1', 'exact:1', '1'),
    ]:
        answer = invoke(api, 'exact', **({'Qualifier': qualifier} if qualifier else {}), LogType='Tail')
        equal((answer['payload'], answer['version']), ([arn(seen), version], version))
        assert f'Version: {version}\n' in answer['log'], answer['log']


@check('an alias that moves takes its invocations along')
def _():
    api = client()
    two_versions(api, 'moved')
    api.create_alias(FunctionName='moved', Name='live', FunctionVersion='1')
    equal(result(api, 'moved', Qualifier='live'), 'one')
    api.update_alias(FunctionName='moved', Name='live', FunctionVersion='2')
    equal(result(api, 'moved', Qualifier='live'), 'two')


@check('weights share the invocations between two versions')
def _():
    api = client()
    two_versions(api, 'shared')
    routing = {'AdditionalVersionWeights': {'2': 0.5}}
    api.create_alias(FunctionName='shared', Name='live', FunctionVersion='1', RoutingConfig=routing)
    answers = [invoke(api, 'shared', Qualifier='live') for _ in range(60)]
    equal({(one['payload'], one['version']) for one in answers}, {('one', '1'), ('two', '2')})


run()
