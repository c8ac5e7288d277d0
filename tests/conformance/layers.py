import base64
import hashlib
import re
import urllib.request

from checks import *

TIME = r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000'
PATTERN = 'Member must satisfy regular expression pattern: '
NOT_THERE = 'The resource you requested does not exist.'


def layer_arn(name, version=None, region=REGION, account=ACCOUNT):
    whole = f'arn:aws:lambda:{region}:{account}:layer:{name}'
    return whole if version is None else f'{whole}:{version}'


def publish(api, name, files=None, **more):
    archive = zipped(files or {'python/shared.py': 'NAME = "shared"\n'})
    return api.publish_layer_version(LayerName=name, Content={'ZipFile': archive}, **more)


@check('PublishLayerVersion answers 201 with exactly what was given')
def _():
    api, archive = client(), zipped({'python/a.py': 'A = 1\n'})
    body = wire(api, lambda: api.publish_layer_version(LayerName='plain', Content={'ZipFile': archive}))
    equal(api.wire.status, 201)
    location = body['Content'].pop('Location')
    matches(TIME, body.pop('CreatedDate'))
    equal(
        body,
        {
            'LayerArn': layer_arn('plain'),
            'LayerVersionArn': layer_arn('plain', 1),
            'Description': '',
            'Version': 1,
            'Content': {
                'CodeSha256': base64.b64encode(hashlib.sha256(archive).digest()).decode(),
                'CodeSize': len(archive),
            },
        },
    )
    with urllib.request.urlopen(location) as download:
        equal(download.read(), archive)


@check('compatible runtimes, architectures and licence are kept, empty lists too')
def _():
    api = client()
    given = {
        'CompatibleRuntimes': ['python3.11', 'nodejs24.x'],
        'CompatibleArchitectures': ['x86_64', 'arm64'],
        'LicenseInfo': 'MIT',
        'Description': 'shared code',
    }
    made = publish(api, 'described', **given)
    equal({name: made[name] for name in given}, given)
    body = wire(api, lambda: publish(api, 'described', CompatibleRuntimes=[], CompatibleArchitectures=[]))
    equal((body['CompatibleRuntimes'], body['CompatibleArchitectures']), ([], []))


@check('GetLayerVersion and GetLayerVersionByArn answer as the publication did')
def _():
    api = client()
    publish(api, 'read', LicenseInfo='MIT')
    made = wire(api, lambda: publish(api, 'read', CompatibleRuntimes=['python3.11']))
    for call in [
        lambda: api.get_layer_version(LayerName='read', VersionNumber=2),
        lambda: api.get_layer_version(LayerName=layer_arn('read'), VersionNumber=2),
        lambda: api.get_layer_version_by_arn(Arn=layer_arn('read', 2)),
    ]:
        body = wire(api, call)
        equal(api.wire.status, 200)
        for one in (made, body):
            one['Content'].pop('Location', None)
        equal(body, made)


@check('layer versions are listed newest first, without content')
def _():
    api = client()
    for number in range(3):
        publish(api, 'listed', {'python/n.py': f'N = {number}\n'})
    body = wire(api, lambda: api.list_layer_versions(LayerName='listed'))
    equal(sorted(body), ['LayerVersions'])
    equal(sorted(body['LayerVersions'][0]), ['CreatedDate', 'Description', 'LayerVersionArn', 'Version'])
    equal([one['Version'] for one in body['LayerVersions']], [3, 2, 1])
    pages = api.get_paginator('list_layer_versions').paginate(LayerName='listed', PaginationConfig={'PageSize': 2})
    equal([[one['Version'] for one in page['LayerVersions']] for page in pages], [[3, 2], [1]])


@check('layers are listed with their newest version that fits the filter')
def _():
    api = client(region='eu-west-1')
    publish(api, 'python', CompatibleRuntimes=['python3.11'], CompatibleArchitectures=['x86_64'])
    publish(api, 'python', CompatibleRuntimes=['python3.12'])
    publish(api, 'node', CompatibleRuntimes=['nodejs24.x'])
    body = wire(api, lambda: api.list_layers())
    equal(sorted(body), ['Layers'])
    equal(sorted(body['Layers'][0]), ['LatestMatchingVersion', 'LayerArn', 'LayerName'])
    shown = lambda **filter: [
        (one['LayerName'], one['LatestMatchingVersion']['Version']) for one in api.list_layers(**filter)['Layers']
    ]
    equal(sorted(shown()), [('node', 1), ('python', 2)])
    equal(shown(CompatibleRuntime='python3.11'), [('python', 1)])
    equal(shown(CompatibleArchitecture='x86_64'), [('python', 1)])
    equal(shown(CompatibleRuntime='ruby3.3'), [])
    pages = api.get_paginator('list_layers').paginate(PaginationConfig={'PageSize': 1})
    equal(sorted(one['LayerName'] for page in pages for one in page['Layers']), ['node', 'python'])
    rule = 'Member must have value less than or equal to 50'
    violates(api, lambda: api.list_layers(MaxItems=51), '51', 'maxItems', rule)


@check('an unknown layer, version, and version zero are refused')
def _():
    api = client()
    publish(api, 'known')
    missing(api, lambda: api.get_layer_version(LayerName='unknown', VersionNumber=1), NOT_THERE)
    missing(api, lambda: api.get_layer_version(LayerName='known', VersionNumber=2), NOT_THERE)
    missing(api, lambda: api.get_layer_version_by_arn(Arn=layer_arn('known', 2)), NOT_THERE)
    text = 'Layer Version Cannot be less than 1'
    for number in (0, -1):
        invalid(api, lambda: api.get_layer_version(LayerName='known', VersionNumber=number), text)
        invalid(api, lambda: api.delete_layer_version(LayerName='known', VersionNumber=number), text)
    equal(api.list_layer_versions(LayerName='unknown')['LayerVersions'], [])


@check('GetLayerVersionByArn wants the ARN of a version')
def _():
    api = client()
    whole = layer_arn('known')
    refused(
        api,
        lambda: api.get_layer_version_by_arn(Arn=whole),
        400,
        'ValidationException',
        re.compile(rf"1 validation error detected: Value '{whole}' at 'arn' failed to satisfy constraint: {re.escape(PATTERN)}.+"),
        type=None,
    )


@check('deleted layer versions vanish, twice without an error, and their numbers stay unused')
def _():
    api = client()
    for _ in range(2):
        publish(api, 'deleted')
    for _ in range(2):
        api.delete_layer_version(LayerName='deleted', VersionNumber=2)
        equal((api.wire.status, api.wire.body), (204, b''))
    equal([one['Version'] for one in api.list_layer_versions(LayerName='deleted')['LayerVersions']], [1])
    missing(api, lambda: api.get_layer_version(LayerName='deleted', VersionNumber=2), NOT_THERE)
    api.delete_layer_version(LayerName='deleted', VersionNumber=1)
    assert 'deleted' not in [one['LayerName'] for one in api.list_layers()['Layers']]
    equal(publish(api, 'deleted')['Version'], 3)


@check('a function keeps a layer version that was deleted, and a new one cannot have it')
def _():
    api = client()
    publish(api, 'used')
    source = 'import shared\ndef handler(event, context):\n    return shared.NAME\n'
    create(api, 'keeps', source, Layers=[layer_arn('used', 1)])
    api.delete_layer_version(LayerName='used', VersionNumber=1)
    equal(result(api, 'keeps'), 'shared')
    equal([one['Arn'] for one in api.get_function_configuration(FunctionName='keeps')['Layers']], [layer_arn('used', 1)])
    api.update_function_configuration(FunctionName='keeps', Timeout=9)
    updated(api, 'keeps')
    equal(result(api, 'keeps'), 'shared')
    text = f"Layer version {layer_arn('used', 1)} does not exist."
    invalid(api, lambda: api.create_function(**definition('x', Layers=[layer_arn('used', 1)])), text)


@check('a function shows its layers with their sizes, and loses them to an empty list')
def _():
    api = client()
    size = publish(api, 'sized')['Content']['CodeSize']
    made = wire(api, lambda: create(api, 'layered', Layers=[layer_arn('sized', 1)], wait=False))
    equal(made['Layers'], [{'Arn': layer_arn('sized', 1), 'CodeSize': size}])
    settle(api, 'layered')
    shown = api.update_function_configuration(FunctionName='layered', Layers=[])
    assert 'Layers' not in shown
    updated(api, 'layered')


@check('layers stack: a later one covers an earlier one, and the order is kept')
def _():
    api = client()
    publish(api, 'below', {'python/shared.py': 'NAME = "below"\n', 'python/only.py': 'HERE = True\n'})
    publish(api, 'above', {'python/shared.py': 'NAME = "above"\n'})
    source = 'import shared, only\ndef handler(event, context):\n    return [shared.NAME, only.HERE]\n'
    layers = [layer_arn('below', 1), layer_arn('above', 1)]
    made = create(api, 'stacked', source, Layers=layers)
    equal([one['Arn'] for one in made['Layers']], layers)
    equal(result(api, 'stacked'), ['above', True])
    api.update_function_configuration(FunctionName='stacked', Layers=layers[::-1])
    updated(api, 'stacked')
    equal(result(api, 'stacked'), ['below', True])


@check('six layers, two versions of one, and missing ones are refused in the words of AWS')
def _():
    api = client()
    for number in range(6):
        publish(api, f'many-{number}')
    publish(api, 'many-0')
    both = lambda layers: [
        lambda: api.create_function(**definition('x', Layers=layers)),
        lambda: api.update_function_configuration(FunctionName='many', Layers=layers),
    ]
    create(api, 'many')
    cases = [
        ([layer_arn(f'many-{number}', 1) for number in range(6)], 'Cannot reference more than 5 layers.'),
        (
            [layer_arn('many-0', 1), layer_arn('many-0', 2)],
            f"Two different versions of the same layer are not allowed to be referenced in the same function. {layer_arn('many-0', 1)} and {layer_arn('many-0', 2)} are versions of the same layer.",
        ),
        (
            [layer_arn('many-0', 1), layer_arn('many-0', 1)],
            f"Two different versions of the same layer are not allowed to be referenced in the same function. {layer_arn('many-0', 1)} and {layer_arn('many-0', 1)} are versions of the same layer.",
        ),
        ([layer_arn('many-0', 9)], f"Layer version {layer_arn('many-0', 9)} does not exist."),
        ([layer_arn('unknown', 1)], f"Layer version {layer_arn('unknown', 1)} does not exist."),
        (
            [layer_arn('many-0', 1, region='eu-west-1')],
            f'Layers are not in the same region as the function. Layers are expected to be in region {REGION}.',
        ),
    ]
    for layers, text in cases:
        for call in both(layers):
            invalid(api, call, text)


@check('the ARN of a layer without a version is refused by pattern')
def _():
    api = client()
    whole = layer_arn('any')
    text = re.compile(
        rf"1 validation error detected: Value '\[{whole}\]' at 'layers' failed to satisfy constraint: Member must satisfy constraint: \[.*regular expression pattern: .+\]"
    )
    for call in [
        lambda: api.create_function(**definition('x', Layers=[whole])),
        lambda: api.update_function_configuration(FunctionName='x', Layers=[whole]),
    ]:
        refused(api, call, 400, 'ValidationException', text, type=None)


@check('unknown runtimes and architectures of a layer are refused by rule')
def _():
    api = client()
    runtime = re.compile(
        r"1 validation error detected: Value '\[runtime1\]' at 'compatibleRuntimes' failed to satisfy constraint: Member must satisfy constraint: \[Member must satisfy enum value set: \[.+\], Member must not be null\]"
    )
    call = lambda: publish(api, 'x', CompatibleRuntimes=['runtime1'])
    refused(api, call, 400, 'ValidationException', runtime, type=None)
    rule = 'Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]'
    call = lambda: publish(api, 'x', CompatibleArchitectures=['arch1'])
    violates(api, call, '[arch1]', 'compatibleArchitectures', rule)


@check('a broken zip makes no layer')
def _():
    api = client()
    text = 'Could not unzip uploaded file. Please check your file, then try to upload again.'
    call = lambda: api.publish_layer_version(LayerName='broken', Content={'ZipFile': b'broken'})
    invalid(api, call, text)
    equal(api.list_layer_versions(LayerName='broken')['LayerVersions'], [])


@check('code and layers together fit into 250 MB')
def _():
    api = client()
    publish(api, 'huge', {'data.bin': b'\0' * 200_000_000})
    code = {'ZipFile': zipped({'app.py': HELLO, 'data.bin': b'\0' * 70_000_000})}
    text = re.compile(
        r'Function code combined with layers exceeds the maximum allowed size of 262144000 bytes\. The actual size is 2700\d{5} bytes\.'
    )
    invalid(api, lambda: api.create_function(**definition('x', Code=code, Layers=[layer_arn('huge', 1)])), text)
    api.delete_layer_version(LayerName='huge', VersionNumber=1)


@check('permissions of a layer version have a life with revisions')
def _():
    api = client()
    publish(api, 'permitted')
    named = {'LayerName': 'permitted', 'VersionNumber': 1}
    missing(api, lambda: api.get_layer_version_policy(**named), 'No policy is associated with the given resource.')
    grant = {'StatementId': 's', 'Action': 'lambda:GetLayerVersion', 'Principal': '*'}
    body = wire(api, lambda: api.add_layer_version_permission(**named, **grant))
    equal((api.wire.status, sorted(body)), (201, ['RevisionId', 'Statement']))
    statement = f'{{"Sid":"s","Effect":"Allow","Principal":"*","Action":"lambda:GetLayerVersion","Resource":"{layer_arn("permitted", 1)}"}}'
    equal(body['Statement'], statement)
    shown = wire(api, lambda: api.get_layer_version_policy(**named))
    equal(shown, {'Policy': f'{{"Version":"2012-10-17","Id":"default","Statement":[{statement}]}}', 'RevisionId': body['RevisionId']})
    text = 'The statement id (s) provided already exists. Please provide a new statement id, or remove the existing statement.'
    refused(api, lambda: api.add_layer_version_permission(**named, **grant), 409, 'ResourceConflictException', text)
    text = 'The Revision Id provided does not match the latest Revision Id. Call the GetLayerPolicy API to retrieve the latest Revision Id'
    for call in [
        lambda: api.add_layer_version_permission(**named, **{**grant, 'StatementId': 't'}, RevisionId='wrong'),
        lambda: api.remove_layer_version_permission(**named, StatementId='s', RevisionId='wrong'),
    ]:
        refused(api, call, 412, 'PreconditionFailedException', text)
    gone = 'Statement t is not found in resource policy.'
    missing(api, lambda: api.remove_layer_version_permission(**named, StatementId='t'), gone)
    api.remove_layer_version_permission(**named, StatementId='s', RevisionId=body['RevisionId'])
    equal((api.wire.status, api.wire.body), (204, b''))
    missing(api, lambda: api.get_layer_version_policy(**named), 'No policy is associated with the given resource.')


@check('permissions of a layer version that is not there are not found')
def _():
    api = client()
    publish(api, 'unpermitted')
    grant = {'StatementId': 's', 'Action': 'lambda:GetLayerVersion', 'Principal': '*'}
    for name in ['unpermitted', 'nolayer']:
        named = {'LayerName': name, 'VersionNumber': 9}
        text = f'Layer version {layer_arn(name, 9)} does not exist.'
        missing(api, lambda: api.add_layer_version_permission(**named, **grant), text)
        missing(api, lambda: api.get_layer_version_policy(**named), text)
        missing(api, lambda: api.remove_layer_version_permission(**named, StatementId='s'), text)


@check('the action of a layer permission, and its statement id, are checked by pattern')
def _():
    api = client()
    publish(api, 'odd')
    grant = {'LayerName': 'odd', 'VersionNumber': 1, 'StatementId': 's', 'Action': 'lambda:GetLayerVersion', 'Principal': '*'}
    call = lambda: api.add_layer_version_permission(**{**grant, 'Action': '*'})
    violates(api, call, '*', 'action', PATTERN + 'lambda:GetLayerVersion')
    call = lambda: api.add_layer_version_permission(**{**grant, 'StatementId': 'not allowed'})
    violates(api, call, 'not allowed', 'statementId', PATTERN + '([a-zA-Z0-9-_]+)')


@check("another account's layer is used only while its policy allows it")
def _():
    owner, guest = client(), client(access_key='333333333333')
    publish(owner, 'lent')
    layers = [layer_arn('lent', 1)]
    source = 'import shared\ndef handler(event, context):\n    return shared.NAME\n'
    role = 'arn:aws:iam::333333333333:role/any'
    denied = lambda call: refused(
        guest, call, 403, 'AccessDeniedException', re.compile('.*is not authorized to perform: lambda:GetLayerVersion on resource: .*'), key='Message', type=None
    )
    denied(lambda: guest.create_function(**definition('borrower', source, Layers=layers, Role=role)))
    denied(lambda: guest.get_layer_version_by_arn(Arn=layers[0]))
    owner.add_layer_version_permission(
        LayerName='lent', VersionNumber=1, StatementId='s', Action='lambda:GetLayerVersion', Principal='333333333333'
    )
    create(guest, 'borrower', source, Layers=layers, Role=role)
    equal(result(guest, 'borrower'), 'shared')
    equal(guest.get_layer_version_by_arn(Arn=layers[0])['Version'], 1)


run()
