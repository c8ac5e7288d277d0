import pathlib
import platform

from checks import *

MACHINE, FOREIGN = ('arm64', 'x86_64') if platform.machine() == 'aarch64' else ('x86_64', 'arm64')
NATIVE = pathlib.Path(__file__).parents[2] / 'native'
COMPILED = (NATIVE / f'init-{"x64" if FOREIGN == "x86_64" else FOREIGN}').read_bytes()
SHELL = '''#!/bin/sh
API="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
while true; do
  ID=$(curl -sS -D - -o /dev/null "$API/next" | grep -i request-id | tr -d '\\r' | cut -d' ' -f2)
  curl -sS -X POST "$API/$ID/response" -d '"shell"' >/dev/null
done
'''
NOTICE = f'This function is for {FOREIGN} and this machine is {MACHINE}: interpreted code runs natively, compiled code by the emulator that the kernel has for it.'
REFUSED = f'{{}} is compiled for {FOREIGN}, and this machine is {MACHINE}. Build it for {MACHINE}, or register an emulator with the kernel (apt-get install qemu-user-static).'


def custom(name, bootstrap, **more):
    return {**definition(name, Architectures=[FOREIGN], **more), 'Runtime': 'provided.al2023', 'Code': {'ZipFile': zipped({'bootstrap': bootstrap})}}


def messages(name):
    logs = client('logs')
    return [event['message'] for event in logs.filter_log_events(logGroupName=f'/aws/lambda/{name}')['events']]


@check('interpreted code runs for either architecture, is shown as asked, and the log says so once per environment')
def _():
    api = client()
    equal(create(api, 'foreign', Architectures=[FOREIGN])['Architectures'], [FOREIGN])
    equal(result(api, 'foreign', 1), {'hello': 1})
    equal(result(api, 'foreign', 2), {'hello': 2})
    told = eventually(lambda: messages('foreign'), lambda all: sum('REPORT' in one for one in all) == 2)
    equal([one for one in told if 'HEARTH' in one], [f'HEARTH\t{NOTICE}\n'])
    create(api, 'native', Architectures=[MACHINE])
    equal(result(api, 'native', 1), {'hello': 1})
    equal([one for one in eventually(lambda: messages('native'), len) if 'HEARTH' in one], [])


@check('in the JSON format that line is JSON as well')
def _():
    api = client()
    create(api, 'json', Architectures=[FOREIGN], LoggingConfig={'LogFormat': 'JSON'})
    result(api, 'json', 1)
    told = eventually(lambda: [json.loads(one) for one in messages('json')], lambda all: len(all) > 2)
    equal([one['level'] for one in told if one.get('message') == NOTICE], ['INFO'])


@check('UpdateFunctionCode changes the architecture, and leaves it where it is not named')
def _():
    api = client()
    equal(create(api, 'changed')['Architectures'], [MACHINE])
    code = zipped()
    equal(api.update_function_code(FunctionName='changed', ZipFile=code, Architectures=[FOREIGN], DryRun=True)['Architectures'], [FOREIGN])
    equal(api.get_function_configuration(FunctionName='changed')['Architectures'], [MACHINE])
    api.update_function_code(FunctionName='changed', ZipFile=code, Architectures=[FOREIGN])
    updated(api, 'changed')
    equal(api.get_function_configuration(FunctionName='changed')['Architectures'], [FOREIGN])
    api.update_function_code(FunctionName='changed', ZipFile=code)
    updated(api, 'changed')
    equal(api.get_function_configuration(FunctionName='changed')['Architectures'], [FOREIGN])
    equal(result(api, 'changed', 1), {'hello': 1})


@check('a compiled bootstrap of the other architecture is refused by name, and a shell script runs')
def _():
    api = client()
    invalid(api, lambda: api.create_function(**custom('compiled', COMPILED)), REFUSED.format('bootstrap'))
    missing(api, lambda: api.get_function(FunctionName='compiled'), f"Function not found: {arn('compiled')}")
    api.create_function(**custom('script', SHELL))
    settle(api, 'script')
    equal(result(api, 'script'), 'shell')
    wrong = zipped({'bootstrap': COMPILED})
    invalid(api, lambda: api.update_function_code(FunctionName='script', ZipFile=wrong), REFUSED.format('bootstrap'))
    equal(result(api, 'script'), 'shell')


@check('a layer with a compiled extension of the other architecture is refused when a function names it')
def _():
    api = client()
    layer = api.publish_layer_version(LayerName='agent', Content={'ZipFile': zipped({'extensions/agent': COMPILED})})
    text = REFUSED.format('/opt/extensions/agent')
    arns = [layer['LayerVersionArn']]
    invalid(api, lambda: api.create_function(**definition('with-agent', Architectures=[FOREIGN], Layers=arns)), text)
    create(api, 'without-agent', Architectures=[FOREIGN])
    invalid(api, lambda: api.update_function_configuration(FunctionName='without-agent', Layers=arns), text)


run()
