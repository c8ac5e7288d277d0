import hashlib
import json
import re
import urllib.request

from checks import *

SHA256 = r'[A-Za-z0-9+/]{43}='
UUID = r'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'
TIME = r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000'
CREATING = 'The function is being created.'
CREATE_NAME = r'(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?'
READ_NAME = r'(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?'
PATTERN = 'Member must satisfy regular expression pattern: '
WHOLE_ONLY = 'This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.'
WRONG_REVISION = 'The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id'
ENVIRONMENT = 'Lambda was unable to configure your environment variables because the environment variables you have provided '


def summary(name, archive, **more):
    """What AWS shows of a function in lists, members that vary taken out by `masked`."""
    return {
        'FunctionName': name,
        'FunctionArn': arn(name),
        'Runtime': 'python3.11',
        'Role': ROLE,
        'Handler': 'app.handler',
        'CodeSize': len(archive),
        'CodeSha256': base64.b64encode(hashlib.sha256(archive).digest()).decode(),
        'Description': '',
        'Timeout': 3,
        'MemorySize': 128,
        'Version': '$LATEST',
        'TracingConfig': {'Mode': 'PassThrough'},
        'PackageType': 'Zip',
        'Architectures': ['x86_64'],
        'EphemeralStorage': {'Size': 512},
        'SnapStart': {'ApplyOn': 'None', 'OptimizationStatus': 'Off'},
        'LoggingConfig': {'LogFormat': 'Text', 'LogGroup': f'/aws/lambda/{name}'},
        **more,
    }


def masked(shown):
    shown = dict(shown)
    matches(UUID, shown.pop('RevisionId'))
    matches(TIME, shown.pop('LastModified'))
    if 'RuntimeVersionConfig' in shown:
        matches(
            rf'arn:aws:lambda:{REGION}::runtime:[0-9a-f]{{64}}',
            shown.pop('RuntimeVersionConfig')['RuntimeVersionArn'],
        )
        shown['runtime version'] = True
    return shown


ACTIVE = {'State': 'Active', 'LastUpdateStatus': 'Successful', 'runtime version': True}


@check('CreateFunction answers 201 with exactly the members of a pending function')
def _():
    api, archive = client(), zipped()
    body = wire(api, lambda: api.create_function(**definition('created', Code={'ZipFile': archive})))
    equal(api.wire.status, 201)
    pending = {'State': 'Pending', 'StateReason': CREATING, 'StateReasonCode': 'Creating'}
    equal(masked(body), summary('created', archive, **pending, **{'runtime version': True}))


@check('a function becomes active, with a new revision and no reason')
def _():
    api, archive = client(), zipped()
    made = create(api, 'activated', Code={'ZipFile': archive})
    body = wire(api, lambda: api.get_function_configuration(FunctionName='activated'))
    equal(api.wire.status, 200)
    equal(masked(body), summary('activated', archive, **ACTIVE))
    assert body['RevisionId'] != made['RevisionId']


@check('every waiter of boto3 ends')
def _():
    api = client()
    create(api, 'waited', Publish=True, wait=False)
    for waiter in ['function_exists', 'function_active', 'function_active_v2', 'function_updated', 'function_updated_v2']:
        settle(api, 'waited', waiter)
    settle(api, 'waited', 'published_version_active', Qualifier='1')


@check('every setting that is given is shown as it was given')
def _():
    api = client()
    given = {
        'Description': 'what it is for',
        'Timeout': 900,
        'MemorySize': 10240,
        'EphemeralStorage': {'Size': 10240},
        'Environment': {'Variables': {'STAGE': 'test', 'EMPTY': ''}},
        'Architectures': ['x86_64'],
        'LoggingConfig': {
            'LogFormat': 'JSON',
            'ApplicationLogLevel': 'DEBUG',
            'SystemLogLevel': 'WARN',
            'LogGroup': '/my/group',
        },
    }
    made = create(api, 'settings', **given)
    equal({name: made[name] for name in given}, given)


@check('an empty map of variables is shown as one, and no map as none')
def _():
    api = client()
    equal(create(api, 'no-variables', Environment={'Variables': {}})['Environment'], {'Variables': {}})
    assert 'Environment' not in create(api, 'no-environment')


@check('Publish at creation makes version 1 and answers it under the unqualified ARN')
def _():
    api = client()
    made = create(api, 'born-published', Publish=True)
    equal((made['Version'], made['FunctionArn']), ('1', arn('born-published')))
    versions = api.list_versions_by_function(FunctionName='born-published')['Versions']
    equal([one['Version'] for one in versions], ['$LATEST', '1'])


@check('creating a function twice is a conflict')
def _():
    api = client()
    create(api, 'twice')
    call = lambda: api.create_function(**definition('twice'))
    refused(api, call, 409, 'ResourceConflictException', 'Function already exist: twice')


@check('a function is created under a partial and a whole ARN too')
def _():
    api = client()
    for number, form in enumerate(['function:{}', ACCOUNT + ':function:{}', f'arn:aws:lambda:{REGION}:{ACCOUNT}:function:{{}}']):
        name = f'by-arn-{number}'
        equal(api.create_function(**definition(form.format(name)))['FunctionName'], name)


@check('a qualified name creates nothing')
def _():
    api = client()
    for name in ['bad:1:2', 'bad:$LATES', 'bad name', 'bad.name']:
        violates(api, lambda: api.create_function(**definition(name)), name, 'functionName', PATTERN + CREATE_NAME)


@check('a name of 65 characters is refused at creation as an invalid parameter')
def _():
    api, name = client(), 'n' * 65
    text = f"1 validation error detected: Value '{name}' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 64"
    invalid(api, lambda: api.create_function(**definition(name)), text)
    missing(api, lambda: api.get_function(FunctionName=name), f'Function not found: {arn(name)}')
    missing(api, lambda: api.delete_function(FunctionName=name), f'Function not found: {arn(name)}')


@check('an ARN of more than 140 characters is refused at creation for its length')
def _():
    api, name = client(), arn('n' * 120)
    violates(
        api,
        lambda: api.create_function(**definition(name)),
        name,
        'functionName',
        'Member must have length less than or equal to 140',
    )


@check('names that no reading operation takes are refused by pattern')
def _():
    api = client()
    wrong = [
        'fn:1:2',
        'arn:aws:lambda:bad-region:000000000000:function:fn',
        'arn:aws:lambda:000000000000:function:fn:1:2',
        f'arn:aws:lambda:{REGION}:function:fn:1:2',
        f'arn:aws:sqs:{REGION}:{ACCOUNT}:function:fn',
        'fn:$LATES',
    ]
    for name in wrong:
        for call in (api.get_function, api.delete_function, api.invoke):
            violates(api, lambda: call(FunctionName=name), name, 'functionName', PATTERN + READ_NAME)


@check('a qualifier of 129 characters is refused for its length, an odd one by pattern')
def _():
    api, long = client(), 'q' * 129
    rule = 'Member must have length less than or equal to 128'
    violates(api, lambda: api.get_function(FunctionName='any', Qualifier=long), long, 'qualifier', rule)
    pattern = PATTERN + r'\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+'
    violates(api, lambda: api.get_function(FunctionName='any', Qualifier='a b'), 'a b', 'qualifier', pattern)


@check('a role that is no ARN of a role is refused by pattern')
def _():
    api = client()
    rule = PATTERN + r'arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+'
    violates(api, lambda: api.create_function(**definition('x', Role='r1')), 'r1', 'role', rule)


@check('two architectures, and one in the wrong case, are refused')
def _():
    api = client()
    two = lambda: api.create_function(**definition('x', Architectures=['x86_64', 'arm64']))
    violates(api, two, '[x86_64, arm64]', 'architectures', 'Member must have length less than or equal to 1')
    rule = 'Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]'
    wrong = lambda: api.create_function(**definition('x', Architectures=['X86_64']))
    violates(api, wrong, '[X86_64]', 'architectures', rule)


@check('numbers outside their ranges are refused by rule')
def _():
    api = client()
    for setting, value, path, rule in [
        ({'Timeout': 0}, '0', 'timeout', 'greater than or equal to 1'),
        ({'Timeout': 901}, '901', 'timeout', 'less than or equal to 900'),
        ({'MemorySize': 127}, '127', 'memorySize', 'greater than or equal to 128'),
        ({'EphemeralStorage': {'Size': 511}}, '511', 'ephemeralStorage.size', 'greater than or equal to 512'),
        ({'EphemeralStorage': {'Size': 10241}}, '10241', 'ephemeralStorage.size', 'less than or equal to 10240'),
    ]:
        text = f'Member must have value {rule}'
        violates(api, lambda: api.create_function(**definition('x', **setting)), value, path, text)
        change = lambda: api.update_function_configuration(FunctionName='x', **setting)
        violates(api, change, value, path, text)


@check('more memory than an ordinary function can have is an invalid parameter')
def _():
    api = client()
    text = "'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to 10240"
    invalid(api, lambda: api.create_function(**definition('x', MemorySize=10241)), text)
    create(api, 'too-much-memory')
    invalid(api, lambda: api.update_function_configuration(FunctionName='too-much-memory', MemorySize=10241), text)


@check('several broken constraints are told in one error')
def _():
    api = client()
    refused(
        api,
        lambda: api.create_function(**definition('x', Timeout=0, MemorySize=1)),
        400,
        'ValidationException',
        re.compile(
            r"2 validation errors detected: Value '\d' at '\w+' failed to satisfy constraint: Member must .*; Value '\d' at '\w+' failed to satisfy constraint: Member must .*"
        ),
        type=None,
    )


@check('an unknown runtime is an invalid parameter that lists the known ones')
def _():
    api = client()
    listed = re.compile(
        r"Value non-existent-runtime at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: \[nodejs20\.x, python3\.14, provided\.al2023, .*\] or be a valid ARN"
    )
    invalid(api, lambda: api.create_function(**definition('x', Runtime='non-existent-runtime')), listed)
    create(api, 'unknown-runtime')
    change = lambda: api.update_function_configuration(FunctionName='unknown-runtime', Runtime='non-existent-runtime')
    invalid(api, change, listed)


@check('a runtime that AWS has retired is refused by name')
def _():
    api = client()
    create(api, 'retired-runtime')
    for runtime in ['nodejs12.x', 'nodejs14.x', 'python3.7', 'java8', 'dotnetcore3.1', 'go1.x', 'ruby2.7', 'provided']:
        text = f'The runtime parameter of {runtime} is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions.'
        invalid(api, lambda: api.create_function(**definition('x', Runtime=runtime)), text)
        change = lambda: api.update_function_configuration(FunctionName='retired-runtime', Runtime=runtime)
        invalid(api, change, text)


@check('a zip that cannot be read, and an empty one, are invalid parameters')
def _():
    api = client()
    text = 'Could not unzip uploaded file. Please check your file, then try to upload again.'
    for broken in [b'this is not a zip', zipped()[:-30]]:
        invalid(api, lambda: api.create_function(**definition('x', Code={'ZipFile': broken})), text)
    create(api, 'bad-zip')
    invalid(api, lambda: api.update_function_code(FunctionName='bad-zip', ZipFile=b'broken'), text)


@check('code that unpacks to more than 250 MB is an invalid parameter')
def _():
    api = client()
    bomb = zipped({'a.bin': b'\0' * 262_144_001})
    text = 'Unzipped size must be smaller than 262144000 bytes'
    invalid(api, lambda: api.create_function(**definition('x', Code={'ZipFile': bomb})), text)


@check('a zip of more than 50 MB is too large, and so is a whole request of more than 70 MB')
def _():
    api = client(read_timeout=120)
    large = lambda size: api.create_function(**definition('x', Code={'ZipFile': b'\0' * size}))
    text = 'Zipped size must be smaller than 52428800 bytes'
    refused(api, lambda: large(52_428_801), 413, 'RequestEntityTooLargeException', text, type=None)
    text = 'Request must be smaller than 70167211 bytes for the CreateFunction operation'
    refused(api, lambda: large(55_000_000), 413, 'RequestEntityTooLargeException', text, type=None)


@check('environment variables of more than 4 KB are refused with what was measured')
def _():
    api = client()
    exactly = {'KEY': 'v' * (4096 - len('{"KEY":""}'))}
    create(api, 'full-environment', Environment={'Variables': exactly})
    more = {'KEY': exactly['KEY'] + 'v'}
    measured = json.dumps(more, separators=(',', ':'))
    text = f'{ENVIRONMENT}exceeded the 4KB limit. String measured: {measured}'
    invalid(api, lambda: api.create_function(**definition('x', Environment={'Variables': more})), text)
    change = lambda: api.update_function_configuration(FunctionName='full-environment', Environment={'Variables': more})
    invalid(api, change, text)


@check('reserved variables are refused by name')
def _():
    api = client()
    text = f'{ENVIRONMENT}contains reserved keys that are currently not supported for modification. Reserved keys used in this request: AWS_REGION, AWS_LAMBDA_FUNCTION_NAME'
    variables = {'AWS_REGION': 'x', 'MINE': 'y', 'AWS_LAMBDA_FUNCTION_NAME': 'z'}
    invalid(api, lambda: api.create_function(**definition('x', Environment={'Variables': variables})), text)


@check('code without a source, and with two, is refused')
def _():
    api = client()
    invalid(api, lambda: api.create_function(**definition('x', Code={})), 'Please provide a source for function code.')
    both = {'ZipFile': zipped(), 'S3Bucket': 'hot-reload', 'S3Key': '/x'}
    text = 'Please do not provide other FunctionCode parameters when providing a ZipFile.'
    invalid(api, lambda: api.create_function(**definition('x', Code=both)), text)


@check('a zip function without runtime or handler is refused')
def _():
    api = client()
    text = 'Runtime and Handler are mandatory parameters for functions created with deployment packages.'
    for member in ['Runtime', 'Handler']:
        request = definition('x')
        del request[member]
        invalid(api, lambda: api.create_function(**request), text)


@check('log levels need the JSON format')
def _():
    api = client()
    text = 'LogLevel is not supported when LogFormat is set to "Text". Remove LogLevel from your request or change the LogFormat to "JSON" and try again.'
    for level in ['ApplicationLogLevel', 'SystemLogLevel']:
        invalid(api, lambda: api.create_function(**definition('x', LoggingConfig={'LogFormat': 'Text', level: 'INFO'})), text)


@check('JSON logging gets its levels, and text logging loses them')
def _():
    api = client()
    create(api, 'logging', LoggingConfig={'LogFormat': 'JSON'})
    shown = api.get_function_configuration(FunctionName='logging')['LoggingConfig']
    levels = {'ApplicationLogLevel': 'INFO', 'SystemLogLevel': 'INFO'}
    equal(shown, {'LogFormat': 'JSON', 'LogGroup': '/aws/lambda/logging', **levels})
    back = api.update_function_configuration(FunctionName='logging', LoggingConfig={'LogFormat': 'Text'})
    equal(back['LoggingConfig'], {'LogFormat': 'Text', 'LogGroup': '/aws/lambda/logging'})


@check('more than 50 tags are refused, and 50 are kept')
def _():
    api = client()
    tags = {f'key-{number}': 'v' for number in range(50)}
    create(api, 'tagged', Tags=tags)
    equal(api.get_function(FunctionName='tagged')['Tags'], tags)
    call = lambda: api.create_function(**definition('x', Tags={**tags, 'one': 'more'}))
    invalid(api, call, 'Number of tags exceeds resource tag limit.')


@check('GetFunction shows configuration, a download of the code, and nothing that is not set')
def _():
    api, archive = client(), zipped()
    create(api, 'got', Code={'ZipFile': archive})
    body = wire(api, lambda: api.get_function(FunctionName='got'))
    equal(sorted(body), ['Code', 'Configuration'])
    equal(masked(body['Configuration']), summary('got', archive, **ACTIVE))
    equal((sorted(body['Code']), body['Code']['RepositoryType']), (['Location', 'RepositoryType'], 'S3'))
    with urllib.request.urlopen(body['Code']['Location']) as download:
        equal(download.read(), archive)


@check('GetFunction shows tags and reserved concurrency once they are set')
def _():
    api = client()
    create(api, 'got-all', Tags={'team': 'a'})
    api.put_function_concurrency(FunctionName='got-all', ReservedConcurrentExecutions=7)
    body = wire(api, lambda: api.get_function(FunctionName='got-all'))
    equal((body['Tags'], body['Concurrency']), ({'team': 'a'}, {'ReservedConcurrentExecutions': 7}))


@check('GetFunction by $LATEST shows it in the ARN')
def _():
    api = client()
    create(api, 'latest')
    for request in [{'Qualifier': '$LATEST'}, {'FunctionName': 'latest:$LATEST'}]:
        shown = api.get_function(**{'FunctionName': 'latest', **request})['Configuration']
        equal((shown['FunctionArn'], shown['Version']), (arn('latest:$LATEST'), '$LATEST'))


@check('a function that is not there is not found, whoever asks')
def _():
    api, text = client(), f"Function not found: {arn('nowhere')}"
    for call in [
        api.get_function,
        api.get_function_configuration,
        api.delete_function,
        api.get_function_concurrency,
        api.list_versions_by_function,
        api.publish_version,
        api.list_aliases,
        api.update_function_configuration,
    ]:
        missing(api, lambda: call(FunctionName='nowhere'), text)
    missing(api, lambda: api.update_function_code(FunctionName='nowhere', ZipFile=zipped()), text)
    missing(api, lambda: api.create_alias(FunctionName='nowhere', Name='a', FunctionVersion='$LATEST'), text)


@check('a version and an alias that are not there are not found by their ARNs')
def _():
    api = client()
    create(api, 'no-versions')
    for call in [api.get_function, api.get_function_configuration, api.invoke]:
        for qualifier in ['10', 'alias', '$latest']:
            text = f"Function not found: {arn('no-versions')}:{qualifier}"
            missing(api, lambda: call(FunctionName='no-versions', Qualifier=qualifier), text)


@check('a missing function is not found with the qualifier that was given, except by DeleteFunction')
def _():
    api = client()
    for qualifier in ['1', 'alias', '$LATEST']:
        text = f"Function not found: {arn('nowhere')}:{qualifier}"
        missing(api, lambda: api.get_function(FunctionName='nowhere', Qualifier=qualifier), text)
        missing(api, lambda: api.get_function_configuration(FunctionName='nowhere', Qualifier=qualifier), text)
    for qualifier in ['1', '$latest']:
        text = f"Function not found: {arn('nowhere')}"
        missing(api, lambda: api.delete_function(FunctionName='nowhere', Qualifier=qualifier), text)


@check('an ARN of another region is not reachable')
def _():
    api, text = client(), f"Functions from 'us-west-2' are not reachable in this region ('{REGION}')"
    for call in [api.get_function, api.delete_function, api.invoke, api.get_function_configuration]:
        missing(api, lambda: call(FunctionName=arn('x', region='us-west-2')), text)


@check('an ARN of another account is denied with a null message')
def _():
    api = client()
    for call in [api.get_function, api.delete_function, api.invoke, api.get_function_configuration]:
        name = arn('x', account='999999999999')
        refused(api, lambda: call(FunctionName=name), 403, 'AccessDeniedException', None, key='Message', type=None)


@check('every way to name a function leads to it')
def _():
    api = client()
    create(api, 'named', Publish=True)
    for form in ['named', 'function:named', f'{ACCOUNT}:named', f'{ACCOUNT}:function:named', arn('named')]:
        equal(api.get_function_configuration(FunctionName=form)['FunctionArn'], arn('named'))
        equal(api.get_function_configuration(FunctionName=f'{form}:1')['FunctionArn'], arn('named:1'))
        equal(result(api, form, {'a': 1}), {'hello': {'a': 1}})


@check('an ARN whose name is missing means a function called function')
def _():
    api = client()
    short = f'arn:aws:lambda:{REGION}:{ACCOUNT}:function'
    missing(api, lambda: api.get_function(FunctionName=short), f"Function not found: {arn('function')}")


@check('a qualifier in the name that differs from the parameter is refused by every operation')
def _():
    api = client()
    create(api, 'derived', Publish=True)
    text = 'The derived qualifier from the function name does not match the specified qualifier.'
    calls = [api.get_function, api.get_function_configuration, api.delete_function, api.invoke]
    for call in calls:
        for name in ['derived', f'{ACCOUNT}:function:derived', arn('derived')]:
            invalid(api, lambda: call(FunctionName=f'{name}:$LATEST', Qualifier='1'), text)
            invalid(api, lambda: call(FunctionName=f'{name}:1', Qualifier='$LATEST'), text)
            invalid(api, lambda: call(FunctionName=f'{name}:1', Qualifier='live'), text)


@check('a qualifier in the name that equals the parameter is fine')
def _():
    api = client()
    create(api, 'same', Publish=True)
    for name in ['same', arn('same')]:
        equal(api.get_function_configuration(FunctionName=f'{name}:1', Qualifier='1')['Version'], '1')
        equal(invoke(api, f'{name}:1', {}, Qualifier='1')['version'], '1')
        equal(api.get_function(FunctionName=f'{name}:$LATEST', Qualifier='$LATEST')['Configuration']['Version'], '$LATEST')


@check('lists show functions without states, page by page')
def _():
    api, archive = client(region='eu-west-1'), zipped()
    names = [f'listed-{number}' for number in range(5)]
    for name in names:
        create(api, name, Code={'ZipFile': archive})
    pages = list(api.get_paginator('list_functions').paginate(PaginationConfig={'PageSize': 2}))
    equal([len(page['Functions']) for page in pages], [2, 2, 1])
    shown = [one for page in pages for one in page['Functions']]
    equal([one['FunctionName'] for one in shown], names)
    body = wire(api, lambda: api.list_functions(MaxItems=1))
    equal(sorted(body), ['Functions', 'NextMarker'])
    equal(masked(body['Functions'][0]), summary('listed-0', archive, FunctionArn=arn('listed-0', region='eu-west-1')))
    assert 'NextMarker' not in wire(api, lambda: api.list_functions())


@check('a list of all versions shows qualified ARNs')
def _():
    api = client(region='eu-west-2')
    create(api, 'all', Publish=True)
    shown = api.list_functions(FunctionVersion='ALL')['Functions']
    ours = arn('all', region='eu-west-2')
    equal([one['FunctionArn'] for one in shown], [f'{ours}:$LATEST', f'{ours}:1'])
    rule = 'Member must satisfy enum value set: [ALL]'
    violates(api, lambda: api.list_functions(FunctionVersion='SOME'), 'SOME', 'functionVersion', rule)


@check('a page has at most 50 items, and sizes outside 1 to 10000 are refused')
def _():
    api = client()
    for call in [api.list_functions, lambda **more: api.list_versions_by_function(FunctionName='x', **more)]:
        rule = 'Member must have value '
        violates(api, lambda: call(MaxItems=0), '0', 'maxItems', rule + 'greater than or equal to 1')
        violates(api, lambda: call(MaxItems=10001), '10001', 'maxItems', rule + 'less than or equal to 10000')


@check('UpdateFunctionCode is in progress at first, then successful, each with a new revision')
def _():
    api, archive = client(), zipped({'app.py': HELLO + '# changed\n'})
    create(api, 'recoded')
    before = api.get_function_configuration(FunctionName='recoded')
    body = wire(api, lambda: api.update_function_code(FunctionName='recoded', ZipFile=archive))
    equal(api.wire.status, 200)
    progress = {
        'State': 'Active',
        'LastUpdateStatus': 'InProgress',
        'LastUpdateStatusReason': CREATING,
        'LastUpdateStatusReasonCode': 'Creating',
        'runtime version': True,
    }
    equal(masked(body), summary('recoded', archive, **progress))
    updated(api, 'recoded')
    after = api.get_function_configuration(FunctionName='recoded')
    equal(len({before['RevisionId'], body['RevisionId'], after['RevisionId']}), 3)
    assert 'LastUpdateStatusReason' not in after


@check('an update that changes nothing still has new revisions')
def _():
    api = client()
    create(api, 'unchanged')
    before = api.get_function_configuration(FunctionName='unchanged')['RevisionId']
    during = api.update_function_configuration(FunctionName='unchanged')['RevisionId']
    updated(api, 'unchanged')
    after = api.get_function_configuration(FunctionName='unchanged')['RevisionId']
    equal(len({before, during, after}), 3)


@check('UpdateFunctionCode with DryRun tells what would be and changes nothing')
def _():
    api = client()
    create(api, 'dry')
    before = api.get_function_configuration(FunctionName='dry')
    changed = api.update_function_code(FunctionName='dry', ZipFile=zipped({'app.py': 'x = 1'}), DryRun=True)
    assert changed['CodeSha256'] != before['CodeSha256']
    after = api.get_function_configuration(FunctionName='dry')
    equal((after['CodeSha256'], after['RevisionId']), (before['CodeSha256'], before['RevisionId']))


@check('UpdateFunctionConfiguration changes what it names and keeps the rest')
def _():
    api = client()
    create(api, 'reconfigured', Environment={'Variables': {'KEPT': '1'}}, Description='kept')
    body = wire(api, lambda: api.update_function_configuration(FunctionName='reconfigured', Timeout=9, Handler='app.other'))
    equal((body['State'], body['LastUpdateStatus']), ('Active', 'InProgress'))
    equal((body['Timeout'], body['Handler'], body['Description']), (9, 'app.other', 'kept'))
    equal(body['Environment'], {'Variables': {'KEPT': '1'}})
    updated(api, 'reconfigured')
    changed = api.update_function_configuration(FunctionName='reconfigured', Environment={'Variables': {}})
    equal(changed['Environment'], {'Variables': {}})


@check('a wrong revision is refused by both updates and by PublishVersion, the right one is taken')
def _():
    api = client()
    create(api, 'revised')
    wrong = {'FunctionName': 'revised', 'RevisionId': 'wrong'}
    for call in [
        lambda: api.update_function_code(ZipFile=zipped(), **wrong),
        lambda: api.update_function_configuration(Timeout=5, **wrong),
        lambda: api.publish_version(**wrong),
    ]:
        refused(api, call, 412, 'PreconditionFailedException', WRONG_REVISION)
    right = api.get_function_configuration(FunctionName='revised')['RevisionId']
    api.update_function_configuration(FunctionName='revised', Timeout=5, RevisionId=right)
    updated(api, 'revised')
    assert api.get_function_configuration(FunctionName='revised')['RevisionId'] != right


@check('tags and publishing change the revision of $LATEST, an alias does not')
def _():
    api = client()
    create(api, 'revisions')
    revision = lambda: api.get_function_configuration(FunctionName='revisions')['RevisionId']
    first = revision()
    api.tag_resource(Resource=arn('revisions'), Tags={'a': '1'})
    tagged = revision()
    api.untag_resource(Resource=arn('revisions'), TagKeys=['a'])
    untagged = revision()
    api.publish_version(FunctionName='revisions')
    published = revision()
    equal(len({first, tagged, untagged, published}), 4)
    api.create_alias(FunctionName='revisions', Name='a', FunctionVersion='1')
    equal(revision(), published)


@check('updates of a version or alias are refused')
def _():
    api = client()
    create(api, 'fixed', Publish=True)
    for name in ['fixed:1', arn('fixed:1')]:
        invalid(api, lambda: api.update_function_configuration(FunctionName=name, Timeout=9), WHOLE_ONLY)
        invalid(api, lambda: api.update_function_code(FunctionName=name, ZipFile=zipped()), WHOLE_ONLY)


@check('an image is refused for a zip function')
def _():
    api = client()
    create(api, 'no-image')
    text = "Please don't provide ImageUri when updating a function with packageType Zip."
    invalid(api, lambda: api.update_function_code(FunctionName='no-image', ImageUri='x'), text)


@check('what does not take effect yet is refused by name')
def _():
    api = client()
    for setting, member in [
        ({'KMSKeyArn': f'arn:aws:kms:{REGION}:{ACCOUNT}:key/k'}, 'KMSKeyArn'),
        ({'DeadLetterConfig': {'TargetArn': f'arn:aws:sqs:{REGION}:{ACCOUNT}:q'}}, 'DeadLetterConfig.TargetArn'),
        ({'VpcConfig': {'Ipv6AllowedForDualStack': True}}, 'VpcConfig.Ipv6AllowedForDualStack'),
    ]:
        text = re.compile(rf'Hearth does not implement CreateFunction: {re.escape(member)}\. .+')
        refused(api, lambda: api.create_function(**definition('x', **setting)), 501, 'NotImplemented', text)
    missing(api, lambda: api.get_function(FunctionName='x'), f"Function not found: {arn('x')}")
    text = 'Hearth does not implement CreateFunctionUrlConfig.'
    refused(api, lambda: api.create_function_url_config(FunctionName='x', AuthType='NONE'), 501, 'NotImplemented', text)


@check('SnapStart is for Python 3.12 and later')
def _():
    api = client()
    text = 'python3.11 is not supported for SnapStart enabled functions.'
    applied = {'ApplyOn': 'PublishedVersions'}
    invalid(api, lambda: api.create_function(**definition('x', Runtime='python3.11', SnapStart=applied)), text)
    create(api, 'no-snaps', Runtime='python3.11')
    invalid(api, lambda: api.update_function_configuration(FunctionName='no-snaps', SnapStart=applied), text)


@check('enumerations are refused in the order in which AWS lists them')
def _():
    api = client()
    rule = 'Member must satisfy enum value set: [PublishedVersions, None]'
    violates(api, lambda: api.create_function(**definition('x', SnapStart={'ApplyOn': 'Always'})), 'Always', 'snapStart.applyOn', rule)
    rule = 'Member must satisfy enum value set: [Terminate, Allow]'
    call = lambda: api.put_function_recursion_config(FunctionName='x', RecursiveLoop='Stop')
    violates(api, call, 'Stop', 'recursiveLoop', rule)


@check('DeleteFunction answers 204 without a body, once')
def _():
    api = client()
    create(api, 'deleted')
    answer = api.delete_function(FunctionName='deleted')
    equal((api.wire.status, api.wire.body, answer['ResponseMetadata']['HTTPStatusCode']), (204, b'', 204))
    missing(api, lambda: api.delete_function(FunctionName='deleted'), f"Function not found: {arn('deleted')}")
    missing(api, lambda: api.get_function(FunctionName='deleted'), f"Function not found: {arn('deleted')}")


@check('a deleted function can be made again, and starts at version 1')
def _():
    api = client()
    create(api, 'reborn', Publish=True)
    api.delete_function(FunctionName='reborn')
    create(api, 'reborn', 'def handler(event, context):\n    return "again"\n')
    equal(result(api, 'reborn'), 'again')
    equal(api.publish_version(FunctionName='reborn')['Version'], '1')


@check('the code size of the account counts every version')
def _():
    api, archive = client(region='ap-south-1'), zipped()
    usage = lambda: api.get_account_settings()['AccountUsage']
    equal(usage(), {'TotalCodeSize': 0, 'FunctionCount': 0})
    create(api, 'counted', Code={'ZipFile': archive})
    equal(usage(), {'TotalCodeSize': len(archive), 'FunctionCount': 1})
    api.publish_version(FunctionName='counted')
    equal(usage(), {'TotalCodeSize': 2 * len(archive), 'FunctionCount': 1})
    api.update_function_configuration(FunctionName='counted', Timeout=7)
    updated(api, 'counted')
    equal(usage()['TotalCodeSize'], 2 * len(archive))
    api.publish_version(FunctionName='counted')
    equal(usage()['TotalCodeSize'], 3 * len(archive))
    for _ in range(2):
        api.publish_layer_version(LayerName='counted', Content={'ZipFile': archive})
    equal(usage()['TotalCodeSize'], 5 * len(archive))
    api.delete_function(FunctionName='counted')
    equal(usage(), {'TotalCodeSize': 2 * len(archive), 'FunctionCount': 0})


@check('GetAccountSettings has exactly the members of AWS')
def _():
    api = client(region='ap-south-2')
    body = wire(api, lambda: api.get_account_settings())
    equal(
        body,
        {
            'AccountLimit': {
                'TotalCodeSize': 80530636800,
                'CodeSizeUnzipped': 262144000,
                'CodeSizeZipped': 52428800,
                'ConcurrentExecutions': 1000,
                'UnreservedConcurrentExecutions': 1000,
            },
            'AccountUsage': {'TotalCodeSize': 0, 'FunctionCount': 0},
        },
    )


@check('regions and accounts keep their functions apart')
def _():
    source = 'import os\ndef handler(event, context):\n    return [os.environ["AWS_REGION"], context.invoked_function_arn]\n'
    homes = [(REGION, 'test', ACCOUNT), ('eu-central-1', 'test', ACCOUNT), (REGION, '222222222222', '222222222222')]
    for region, key, account in homes:
        api = client(region=region, access_key=key)
        made = create(api, 'apart', source, Role=f'arn:aws:iam::{account}:role/any')
        equal(made['FunctionArn'], arn('apart', region=region, account=account))
    for region, key, account in homes:
        api = client(region=region, access_key=key)
        equal(result(api, 'apart'), [region, arn('apart', region=region, account=account)])
    client(access_key='222222222222').delete_function(FunctionName='apart')
    equal(result(client(), 'apart')[0], REGION)


run()
