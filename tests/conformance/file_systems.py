import os

from checks import *

FOLDER = os.environ['SHARED_FOLDER']
OWNER = int(os.environ['OWNER'])


def access_point(digit, region=REGION, account=ACCOUNT):
    return f'arn:aws:elasticfilesystem:{region}:{account}:access-point/fsap-{digit * 17}'


SHARED, READ_ONLY, GONE = access_point('1'), access_point('2'), access_point('3')
S3_FILES = f'arn:aws:s3files:{REGION}:{ACCOUNT}:file-system/fs-{"4" * 17}/access-point/fsap-{"5" * 17}'
RUN = 'import os\ndef handler(event, context):\n    return eval(event)\n'


def config(arn, path='/mnt/shared'):
    return [{'Arn': arn, 'LocalMountPath': path}]


def mounted(api, name, arn=SHARED, path='/mnt/shared', **more):
    return create(api, name, RUN, FileSystemConfigs=config(arn, path), **more)


@check('FileSystemConfigs are answered as they were given, and cleared by an empty list')
def _():
    api = client()
    equal(mounted(api, 'shown')['FileSystemConfigs'], config(SHARED))
    equal(api.get_function_configuration(FunctionName='shown')['FileSystemConfigs'], config(SHARED))
    equal(api.list_functions()['Functions'][0].get('FunctionName') is not None, True)
    api.update_function_configuration(FunctionName='shown', Description='other')
    updated(api, 'shown')
    equal(api.get_function_configuration(FunctionName='shown')['FileSystemConfigs'], config(SHARED))
    api.update_function_configuration(FunctionName='shown', FileSystemConfigs=[])
    updated(api, 'shown')
    equal(api.get_function_configuration(FunctionName='shown').get('FileSystemConfigs'), None)
    equal(result(api, 'shown', 'os.path.exists("/mnt/shared")'), False)


@check('Two functions share the files, which belong to the owner of the folder on the host')
def _():
    api = client()
    mounted(api, 'writer')
    mounted(api, 'reader', path='/mnt/elsewhere')
    equal(result(api, 'writer', '(os.makedirs("/mnt/shared/made"), open("/mnt/shared/made/file", "w").write("words"))[1]'), 5)
    equal(result(api, 'reader', 'open("/mnt/elsewhere/made/file").read()'), 'words')
    equal(result(api, 'reader', 'os.stat("/mnt/elsewhere/made/file").st_uid == os.getuid()'), True)
    on_host = os.stat(f'{FOLDER}/made/file')
    equal((on_host.st_uid, on_host.st_gid), (OWNER, OWNER))
    equal(result(api, 'reader', '(os.remove("/mnt/elsewhere/made/file"), os.listdir("/mnt/elsewhere/made"))[1]'), [])


@check('An access point allowed with :ro can be read and not written')
def _():
    api = client()
    mounted(api, 'read-only', READ_ONLY)
    equal(result(api, 'read-only', 'open("/mnt/shared/there").read()'), 'before')
    answer = invoke(api, 'read-only', 'open("/mnt/shared/there", "w")')
    equal((answer['error'], answer['payload']['errorMessage']), ('Unhandled', "[Errno 30] Read-only file system: '/mnt/shared/there'"))


@check('An access point of S3 Files is mounted alike')
def _():
    api = client()
    mounted(api, 's3-files', S3_FILES)
    equal(result(api, 's3-files', 'os.path.ismount("/mnt/shared")'), True)


@check('An unknown access point, and one of another account or region, is refused')
def _():
    api = client()
    unknown = access_point('9')
    text = f'No folder stands for the access point {unknown}. Start Hearth with --file-system {unknown}=/absolute/folder'
    invalid(api, lambda: mounted(api, 'unknown', unknown), text)
    create(api, 'known')
    invalid(api, lambda: api.update_function_configuration(FunctionName='known', FileSystemConfigs=config(unknown)), text)
    text = f'The access point {SHARED} is not in the account and region of the function.'
    other = client(region='eu-west-1')
    invalid(other, lambda: mounted(other, 'far', SHARED), text)
    other = client(access_key='111111111111')
    invalid(other, lambda: other.create_function(**definition('foreign', FileSystemConfigs=config(SHARED), Role='arn:aws:iam::111111111111:role/any')), text)


@check('A path that is not a folder of its own below /mnt is refused, and so is a second file system')
def _():
    api = client()
    for path in ('/mnt/..', '/mnt/.'):
        invalid(api, lambda path=path: mounted(api, 'dots', path=path), f'{path} is no folder below /mnt.')
    violates(
        api, lambda: mounted(api, 'outside', path='/tmp/x'), '/tmp/x', 'fileSystemConfigs.1.member.localMountPath',
        'Member must satisfy regular expression pattern: /mnt/[a-zA-Z0-9-_.]+',
    )
    answer = wire(api, lambda: api.create_function(**definition('two', FileSystemConfigs=config(SHARED) * 2)))
    matches('1 validation error detected: .*fileSystemConfigs.*length less than or equal to 1', answer['message'])


@check('Where the folder is gone, or a link is in its place, an invocation fails with EFSMountFailureException')
def _():
    api = client()
    mounted(api, 'gone', GONE)
    folder = os.environ['GONE_FOLDER']
    os.rename(folder, f'{folder}.away')
    why = 'The folder that stands for it is gone, or a link is in its place.'
    text = f'The function could not mount the file system of access point {GONE}. {why}'
    call = lambda: api.invoke(FunctionName='gone')
    refused(api, call, 403, 'EFSMountFailureException', text, key='Message')
    os.symlink('/etc', folder)
    refused(api, call, 403, 'EFSMountFailureException', text, key='Message')
    os.remove(folder)
    os.rename(f'{folder}.away', folder)
    equal(result(api, 'gone', 'os.listdir("/mnt/shared")'), [])


run()
