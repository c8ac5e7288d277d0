"""ECR leads to the registry that the operator named; nothing else of it is there."""

import base64
from datetime import datetime, timedelta, timezone

import botocore.exceptions
from checks import check, client, run


def failure(call):
    try:
        call()
    except botocore.exceptions.ClientError as error:
        return error.response
    raise AssertionError('it did not fail')


@check('GetAuthorizationToken gives the address and the login of the registry, for twelve hours')
def token():
    (data,) = client('ecr').get_authorization_token()['authorizationData']
    assert data['proxyEndpoint'] == 'http://127.0.0.1:5999', data
    assert base64.b64decode(data['authorizationToken']) == b'AWS:secret', data
    left = data['expiresAt'] - datetime.now(timezone.utc)
    assert timedelta(hours=11) < left < timedelta(hours=13), data


@check('GetAuthorizationToken with registry ids is refused by name')
def ids():
    answer = failure(lambda: client('ecr').get_authorization_token(registryIds=['000000000000']))
    assert answer['ResponseMetadata']['HTTPStatusCode'] == 501, answer
    assert answer['Error']['Message'].startswith('Hearth does not implement GetAuthorizationToken: registryIds.'), answer


@check('every other operation is refused by name')
def others():
    ecr = client('ecr')
    for name, call in [
        ('CreateRepository', lambda: ecr.create_repository(repositoryName='a')),
        ('DescribeImages', lambda: ecr.describe_images(repositoryName='a')),
        ('PutImage', lambda: ecr.put_image(repositoryName='a', imageManifest='{}')),
    ]:
        answer = failure(call)
        assert answer['ResponseMetadata']['HTTPStatusCode'] == 501, answer
        assert answer['Error']['Message'] == f'Hearth does not implement {name}.', answer


run()
