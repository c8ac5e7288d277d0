import base64
import json
import re
import threading

from checks import *

ECHO = '''import json
def handler(event, context):
    return {'event': event, 'type': type(event).__name__}
'''
CONTEXT = '''def handler(event, context):
    client = context.client_context
    return {
        'aws_request_id': context.aws_request_id,
        'log_group_name': context.log_group_name,
        'log_stream_name': context.log_stream_name,
        'function_name': context.function_name,
        'memory_limit_in_mb': context.memory_limit_in_mb,
        'function_version': context.function_version,
        'invoked_function_arn': context.invoked_function_arn,
        'tenant_id': context.tenant_id,
        'client': client and {
            'custom': client.custom,
            'env': client.env,
            'installation_id': client.client.installation_id,
            'app_title': client.client.app_title,
            'app_version_name': client.client.app_version_name,
            'app_version_code': client.client.app_version_code,
            'app_package_name': client.client.app_package_name,
        },
        'identity': [context.identity.cognito_identity_id, context.identity.cognito_identity_pool_id],
        'time is left': 0 < context.get_remaining_time_in_millis() <= 3000,
    }
'''
START = r'START RequestId: (?P<id>[0-9a-f-]{36}) Version: \$LATEST\n'
END = r'END RequestId: (?P=id)\n'
REPORT = r'REPORT RequestId: (?P=id)\tDuration: (?P<duration>\d+\.\d\d) ms\tBilled Duration: (?P<billed>\d+) ms\tMemory Size: 128 MB\tMax Memory Used: (?P<used>\d+) MB'
INVALID_CONTENT = 'InvalidRequestContentException'
LIMIT, RESPONSE_LIMIT = 6_291_456, 6_291_556


def encoded(value):
    return base64.b64encode(json.dumps(value).encode()).decode()


@check('an answer carries status, version, request id and the payload as it was returned')
def _():
    api = client()
    create(api, 'answers', 'def handler(event, context):\n    return [context.aws_request_id, "é", 1.5, None]\n')
    answer = api.invoke(FunctionName='answers')
    request_id = answer['ResponseMetadata']['RequestId']
    equal(json.loads(answer['Payload'].read()), [request_id, 'é', 1.5, None])
    equal((answer['StatusCode'], answer['ExecutedVersion']), (200, '$LATEST'))
    equal([one for one in ('FunctionError', 'LogResult') if one in answer], [])
    equal(api.wire.headers['content-type'], 'application/json')
    equal(api.wire.headers['x-amzn-requestid'], request_id)


@check('a function that returns nothing answers null')
def _():
    api = client()
    create(api, 'nothing', 'def handler(event, context):\n    pass\n')
    equal(api.invoke(FunctionName='nothing')['Payload'].read(), b'null')


@check('an event is any JSON value, and no event is an empty object')
def _():
    api = client()
    create(api, 'any-event', ECHO)
    for event, kind in [({'a': [1]}, 'dict'), ([1, 2], 'list'), ('text', 'str'), (1, 'int'), (1.5, 'float'), (True, 'bool')]:
        equal(result(api, 'any-event', event), {'event': event, 'type': kind})
    equal(json.loads(api.invoke(FunctionName='any-event', Payload='null')['Payload'].read())['type'], 'NoneType')
    for empty in [{}, {'Payload': b''}]:
        answer = api.invoke(FunctionName='any-event', **empty)
        equal(json.loads(answer['Payload'].read()), {'event': {}, 'type': 'dict'})


@check('a payload that is not JSON is refused in the words of the parser')
def _():
    api = client()
    create(api, 'not-json', ECHO)
    source = r'\n at \[Source: REDACTED \(`StreamReadFeature\.INCLUDE_SOURCE_IN_LOCATION` disabled\); line: \d+, column: \d+\]'
    for payload in ['notjson', '{"a":', "{'a': 1}", '[1,]', '{"a": 1} more', 'b"x"', '\x01', '{"a" 1}']:
        text = re.compile(rf'Could not parse request body into json: Could not parse payload into json: .+{source}', re.DOTALL)
        call = lambda: api.invoke(FunctionName='not-json', Payload=payload.encode())
        refused(api, call, 400, INVALID_CONTENT, text)


@check('a DryRun answers 204 and runs nothing')
def _():
    api = client()
    create(api, 'dry-run', 'import time\ntime.sleep(60)\n')
    answer = api.invoke(FunctionName='dry-run', InvocationType='DryRun', Payload='{}')
    equal((answer['StatusCode'], answer['Payload'].read(), 'ExecutedVersion' in answer), (204, b'', False))
    call = lambda: api.invoke(FunctionName='nowhere', InvocationType='DryRun')
    missing(api, call, f"Function not found: {arn('nowhere')}:$LATEST")
    call = lambda: api.invoke(FunctionName='dry-run', InvocationType='DryRun', Qualifier='gone')
    missing(api, call, f"Function not found: {arn('dry-run')}:gone")


@check('a missing function is not found under $LATEST')
def _():
    api = client()
    text = f"Function not found: {arn('nowhere')}:$LATEST"
    missing(api, lambda: api.invoke(FunctionName='nowhere'), text)
    missing(api, lambda: api.invoke(FunctionName=arn('nowhere'), Payload='{}'), text)
    name = 'n' * 65
    missing(api, lambda: api.invoke(FunctionName=name), f'Function not found: {arn(name)}:$LATEST')


@check('invocation and log types that AWS does not have are refused by rule')
def _():
    api = client()
    rule = 'Member must satisfy enum value set: [Event, RequestResponse, DryRun]'
    violates(api, lambda: api.invoke(FunctionName='x', InvocationType='Later'), 'Later', 'invocationType', rule)
    rule = 'Member must satisfy enum value set: [None, Tail]'
    violates(api, lambda: api.invoke(FunctionName='x', LogType='All'), 'All', 'logType', rule)


@check('a payload of 6 MB is passed on, one byte more is too large')
def _():
    api = client(read_timeout=60)
    create(api, 'large-event', 'def handler(event, context):\n    return len(event)\n', MemorySize=512, Timeout=30)
    exactly = json.dumps('x' * (LIMIT - 2)).encode()
    equal(json.loads(api.invoke(FunctionName='large-event', Payload=exactly)['Payload'].read()), LIMIT - 2)
    text = f'{LIMIT + 1} byte payload is too large for the RequestResponse invocation type (limit {LIMIT} bytes)'
    call = lambda: api.invoke(FunctionName='large-event', Payload=exactly + b' ')
    refused(api, call, 413, 'RequestEntityTooLargeException', text, type=None)


@check('a response of 6 MB and 100 bytes is passed on, one byte more is an error of the function')
def _():
    api = client(read_timeout=60)
    create(api, 'large-answer', 'def handler(size, context):\n    return "x" * size\n', MemorySize=512, Timeout=30)
    equal(len(result(api, 'large-answer', RESPONSE_LIMIT - 2)), RESPONSE_LIMIT - 2)
    answer = invoke(api, 'large-answer', RESPONSE_LIMIT - 1)
    equal((answer['status'], answer['error']), (200, 'Unhandled'))
    equal(
        answer['payload'],
        {
            'errorMessage': f'Response payload size exceeded maximum allowed payload size ({RESPONSE_LIMIT} bytes).',
            'errorType': 'Function.ResponseSizeTooLarge',
        },
    )
    equal(result(api, 'large-answer', 1), 'x')


@check('the context has every member, and a client context where one was sent')
def _():
    api = client()
    create(api, 'context', CONTEXT)
    answer = api.invoke(FunctionName='context')
    seen = json.loads(answer['Payload'].read())
    matches(r'\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}', seen.pop('log_stream_name'))
    expected = {
        'aws_request_id': answer['ResponseMetadata']['RequestId'],
        'log_group_name': '/aws/lambda/context',
        'function_name': 'context',
        'memory_limit_in_mb': '128',
        'function_version': '$LATEST',
        'invoked_function_arn': arn('context'),
        'tenant_id': None,
        'client': None,
        'identity': [None, None],
        'time is left': True,
    }
    equal(seen, expected)
    sent = {
        'client': {
            'installation_id': 'i',
            'app_title': 't',
            'app_version_name': 'n',
            'app_version_code': 'c',
            'app_package_name': 'p',
        },
        'custom': {'mine': [1]},
        'env': {'stage': 'test'},
    }
    seen = result(api, 'context', ClientContext=encoded(sent))['client']
    equal(seen, {'custom': sent['custom'], 'env': sent['env'], **sent['client']})


@check('a client context that is no object, no JSON or too long is refused')
def _():
    api = client()
    create(api, 'client-context', CONTEXT)
    text = re.compile('Client context must be a valid Base64-encoded JSON object\\.')
    for wrong in [encoded([1]), base64.b64encode(b'{').decode(), 'no base64!']:
        refused(api, lambda: api.invoke(FunctionName='client-context', ClientContext=wrong), 400, INVALID_CONTENT, text)
    longest = {'client': {}, 'custom': {'k': 'v' * 2_600}}
    assert len(encoded(longest)) <= 3_583
    result(api, 'client-context', ClientContext=encoded(longest))
    longer = {'custom': {'k': 'v' * 2_700}}
    text = re.compile('Client context must be no more than 3583 bytes.*')
    refused(api, lambda: api.invoke(FunctionName='client-context', ClientContext=encoded(longer)), 400, INVALID_CONTENT, text)


@check('an exception is an unhandled error with message, type, request and trace')
def _():
    api = client()
    source = 'class Odd(Exception):\n    pass\ndef handler(event, context):\n    raise Odd("no good")\n'
    create(api, 'raises', source)
    answer = api.invoke(FunctionName='raises', LogType='Tail')
    payload = json.loads(answer['Payload'].read())
    equal((answer['StatusCode'], answer['FunctionError'], answer['ExecutedVersion']), (200, 'Unhandled', '$LATEST'))
    equal(
        payload,
        {
            'errorMessage': 'no good',
            'errorType': 'Odd',
            'requestId': answer['ResponseMetadata']['RequestId'],
            'stackTrace': ['  File "/var/task/app.py", line 4, in handler\n    raise Odd("no good")\n'],
        },
    )
    log = base64.b64decode(answer['LogResult']).decode()
    shown = '[ERROR] Odd: no good\nTraceback (most recent call last):\n\u00a0\u00a0File "/var/task/app.py", line 4, in handler\n'
    assert shown in log, log


@check('module, handler and syntax that cannot be loaded have errors of their own')
def _():
    api = client()
    for name, source, handler, kind, message in [
        ('no-module', HELLO, 'gone.handler', 'Runtime.ImportModuleError', "Unable to import module 'gone': No module named 'gone'"),
        ('no-handler', HELLO, 'app.gone', 'Runtime.HandlerNotFound', "Handler 'gone' missing on module 'app'"),
        ('no-syntax', 'def handler(:\n', 'app.handler', 'Runtime.UserCodeSyntaxError', "Syntax error in module 'app': invalid syntax (app.py, line 1)"),
        ('no-import', 'import nothing_like_it\n', 'app.handler', 'Runtime.ImportModuleError', "Unable to import module 'app': No module named 'nothing_like_it'"),
        ('at-import', 'raise ValueError("early")\n', 'app.handler', 'ValueError', 'early'),
    ]:
        create(api, name, source, Handler=handler)
        answer = invoke(api, name)
        equal((answer['status'], answer['error'], answer['version']), (200, 'Unhandled', '$LATEST'))
        payload = answer['payload']
        equal(sorted(payload), ['errorMessage', 'errorType', 'requestId', 'stackTrace'])
        equal([payload[one] for one in ('errorType', 'errorMessage', 'requestId')], [kind, message, ''])


@check('a wrapper script starts the runtime, and one that is missing ends it with status 127')
def _():
    api = client()
    files = {
        'app.py': 'import os\ndef handler(event, context):\n    return os.environ["WRAPPED"]\n',
        'wrapper.sh': '#!/bin/bash\nexport WRAPPED="by $#"\nexec "$@"\n',
    }
    variables = lambda wrapper: {'Variables': {'AWS_LAMBDA_EXEC_WRAPPER': wrapper}}
    create(api, 'wrapped', Code={'ZipFile': zipped(files)}, Environment=variables('/var/task/wrapper.sh'))
    matches(r'by \d+', result(api, 'wrapped'))
    api.update_function_configuration(FunctionName='wrapped', Environment=variables('/opt/gone'))
    updated(api, 'wrapped')
    answer = api.invoke(FunctionName='wrapped')
    request_id = answer['ResponseMetadata']['RequestId']
    text = f'RequestId: {request_id} Error: Runtime exited with error: exit status 127'
    equal(json.loads(answer['Payload'].read()), {'errorType': 'Runtime.ExitError', 'errorMessage': text})


@check('an answer that is no JSON is an error of the runtime')
def _():
    api = client()
    create(api, 'unserializable', 'def handler(event, context):\n    return {1, 2}\n')
    answer = invoke(api, 'unserializable')
    equal(answer['payload']['errorType'], 'Runtime.MarshalError')
    matches('Unable to marshal response: .*', answer['payload']['errorMessage'])


@check('a timeout is told with the limit, and the report says so')
def _():
    api = client()
    create(api, 'late', 'import time\ndef handler(event, context):\n    print("before")\n    time.sleep(60)\n', Timeout=1)
    answer = api.invoke(FunctionName='late', LogType='Tail')
    request_id = answer['ResponseMetadata']['RequestId']
    text = f'RequestId: {request_id} Error: Task timed out after 1.00 seconds'
    equal(json.loads(answer['Payload'].read()), {'errorType': 'Sandbox.Timedout', 'errorMessage': text})
    equal((answer['StatusCode'], answer['FunctionError']), (200, 'Unhandled'))
    log = base64.b64decode(answer['LogResult']).decode()
    found = re.search(START + 'before\n' + END + REPORT + r'(\tInit Duration: \d+\.\d\d ms)?\tStatus: timeout\n', log)
    assert found, log
    assert float(found['duration']) > 999, log


@check('the log of a cold invocation is INIT_START apart, and of each START, lines, END, REPORT')
def _():
    api = client()
    create(api, 'logged', 'import sys\ndef handler(event, context):\n    print("out")\n    print("err", file=sys.stderr)\n')
    cold = invoke(api, 'logged', LogType='Tail')['log']
    found = re.fullmatch(START + '(out\nerr\n|err\nout\n)' + END + REPORT + r'\tInit Duration: (?P<init>\d+\.\d\d) ms\t\n', cold)
    assert found, cold
    hundredths = round(float(found['duration']) * 100) + round(float(found['init']) * 100)
    equal(int(found['billed']), -(-hundredths // 100))
    assert 0 < int(found['used']) <= 128, cold
    warm = invoke(api, 'logged', LogType='Tail')['log']
    found = re.fullmatch(START + '(out\nerr\n|err\nout\n)' + END + REPORT + r'\t\n', warm)
    assert found, warm
    equal(int(found['billed']), max(1, -(-round(float(found['duration']) * 100) // 100)))


@check('the tail of a long log is its last 4 KB')
def _():
    api = client()
    create(api, 'long-log', 'def handler(event, context):\n    for n in range(1000):\n        print(f"line {n}")\n')
    log = base64.b64decode(api.invoke(FunctionName='long-log', LogType='Tail')['LogResult'])
    equal(len(log), 4096)
    text = log.decode()
    assert 'line 999\nEND RequestId: ' in text and 'START' not in text and text.endswith('\t\n'), text


@check('log events keep carriage returns, and a multi-line record of logging is one event')
def _():
    api = client()
    logs = client('logs')
    source = '''import logging
def handler(event, context):
    print("a\\rb")
    logging.getLogger().warning("first\\nsecond")
'''
    create(api, 'events', source)
    answer = api.invoke(FunctionName='events')
    request_id = answer['ResponseMetadata']['RequestId']

    def messages():
        found = logs.filter_log_events(logGroupName='/aws/lambda/events')['events']
        return [one['message'] for one in found]

    seen = eventually(messages, lambda found: any(one.startswith('REPORT') for one in found))
    matches(rf'INIT_START Runtime Version: python:3\.11\.v\d+\tRuntime Version ARN: arn:aws:lambda:{REGION}::runtime:[0-9a-f]{{64}}\n', seen[0])
    equal(seen[1], f'START RequestId: {request_id} Version: $LATEST\n')
    # What is printed and what is logged take two ways out of the function, here as on AWS.
    logged, printed = sorted(seen[2:4], key=lambda one: one == 'a\rb\n')
    equal(printed, 'a\rb\n')
    matches(rf'\[WARNING\]\t\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{3}}Z\t{request_id}\tfirst\nsecond\n', logged)
    equal(seen[4], f'END RequestId: {request_id}\n')
    equal(len(seen), 6)


@check('JSON logs carry the platform records, and the tail has them too')
def _():
    api = client()
    create(api, 'json-log', 'def handler(event, context):\n    print("plain")\n', LoggingConfig={'LogFormat': 'JSON'})
    answer = api.invoke(FunctionName='json-log', LogType='Tail')
    lines = base64.b64decode(answer['LogResult']).decode().splitlines()
    request_id = answer['ResponseMetadata']['RequestId']
    start, report = json.loads(lines[0]), json.loads(lines[-1])
    equal((start['type'], start['record']), ('platform.start', {'requestId': request_id, 'version': '$LATEST'}))
    equal((report['type'], report['record']['requestId'], report['record']['status']), ('platform.report', request_id, 'success'))
    equal(
        sorted(report['record']['metrics']),
        ['billedDurationMs', 'durationMs', 'initDurationMs', 'maxMemoryUsedMB', 'memorySizeMB'],
    )


@check('a trace header reaches the function, and one is made where none came')
def _():
    api = client()
    create(api, 'traced', 'import os\ndef handler(event, context):\n    return os.environ["_X_AMZN_TRACE_ID"]\n')
    matches(r'Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=[01](;Lineage=.+)?', result(api, 'traced'))
    header = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1'
    add = lambda request, **_: request.headers.add_header('X-Amzn-Trace-Id', header)
    api.meta.events.register('before-sign.lambda.Invoke', add)
    matches(r'Root=1-5759e988-bd862e3fe1be46a994272793;.*', result(api, 'traced'))


@check('a reservation of zero throttles every invocation with its reason')
def _():
    api = client()
    create(api, 'reserved-zero')
    api.put_function_concurrency(FunctionName='reserved-zero', ReservedConcurrentExecutions=0)
    refused(
        api,
        lambda: api.invoke(FunctionName='reserved-zero'),
        429,
        'TooManyRequestsException',
        'Rate Exceeded.',
        Reason='ReservedFunctionConcurrentInvocationLimitExceeded',
    )
    api.delete_function_concurrency(FunctionName='reserved-zero')
    result(api, 'reserved-zero')


@check('a full reservation throttles, and an environment that is free again serves')
def _():
    api, logs = client(), client('logs')
    source = 'import time\ndef handler(event, context):\n    print("waiting", event)\n    time.sleep(event)\n'
    create(api, 'reserved-one', source, Timeout=30)
    api.put_function_concurrency(FunctionName='reserved-one', ReservedConcurrentExecutions=1)
    result(api, 'reserved-one', 0)
    running = threading.Thread(target=lambda: invoke(client(), 'reserved-one', 4))
    running.start()
    said = lambda: str(logs.filter_log_events(logGroupName='/aws/lambda/reserved-one', filterPattern='waiting')['events'])
    eventually(said, lambda found: 'waiting 4' in found)
    refused(
        api,
        lambda: api.invoke(FunctionName='reserved-one', Payload='0'),
        429,
        'TooManyRequestsException',
        'Rate Exceeded.',
        Reason='ReservedFunctionConcurrentInvocationLimitExceeded',
    )
    running.join()
    result(api, 'reserved-one', 0)


@check('environment variables follow an update, and old environments go')
def _():
    api = client()
    source = 'import os\nSTAGE = os.environ.get("STAGE")\ndef handler(event, context):\n    return [STAGE, os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]]\n'
    create(api, 'followed', source)
    equal(result(api, 'followed'), [None, '128'])
    change = {'Environment': {'Variables': {'STAGE': 'two'}}, 'MemorySize': 256}
    api.update_function_configuration(FunctionName='followed', **change)
    updated(api, 'followed')
    equal(result(api, 'followed'), ['two', '256'])


@check('the credentials inside are those of a session of the role, named after the function')
def _():
    api = client()
    # Signed only in form, which permissive servers take: no SDK is needed inside.
    source = '''import os, re, urllib.request
def handler(event, context):
    scope = os.environ["AWS_ACCESS_KEY_ID"] + "/20260101/us-east-1/sts/aws4_request"
    headers = {
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, Signature=" + "0" * 64,
        "X-Amz-Date": "20260101T000000Z",
        "X-Amz-Security-Token": os.environ["AWS_SESSION_TOKEN"],
        "Content-Type": "application/x-www-form-urlencoded",
    }
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    request = urllib.request.Request(os.environ["AWS_ENDPOINT_URL"], body, headers)
    return re.search("<Arn>(.*)</Arn>", urllib.request.urlopen(request).read().decode())[1]
'''
    create(api, 'identity', source, Role='arn:aws:iam::000000000000:role/path/worker')
    equal(result(api, 'identity'), 'arn:aws:sts::000000000000:assumed-role/worker/identity')
    create(api, 'i', source)
    equal(result(api, 'i'), 'arn:aws:sts::000000000000:assumed-role/any/i@lambda_function')


@check('invocation types and operations that do not take effect yet are refused by name')
def _():
    api = client()
    create(api, 'refusals')
    for call, text in [
        (lambda: api.invoke_async(FunctionName='refusals', InvokeArgs=b'{}'), re.compile(r'Hearth does not implement InvokeAsync\..*')),
    ]:
        refused(api, call, 501, 'NotImplemented', text)


run()
