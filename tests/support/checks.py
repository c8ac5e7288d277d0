"""Checks of the API through boto3. A file of checks calls `run()` last; each check prints one line of JSON."""

import base64
import io
import json
import os
import re
import sys
import traceback
import zipfile
from concurrent.futures import ThreadPoolExecutor

import boto3
import botocore.exceptions
from botocore.config import Config

ROLE = 'arn:aws:iam::000000000000:role/any'
ACCOUNT, REGION = '000000000000', 'us-east-1'
HELLO = 'def handler(event, context):\n    return {"hello": event}\n'

_checks = []


def check(sentence):
    """Registers a check under a sentence, which is also the name of the test that reports it."""

    def register(function):
        _checks.append((sentence, function))
        return function

    return register


def run():
    """Runs every check, several at once since they mostly wait, and prints how each ended."""
    with ThreadPoolExecutor(int(os.environ.get('CHECKS_AT_ONCE', '6'))) as pool:
        for line in pool.map(_outcome, _checks):
            print(json.dumps(line), flush=True)


def _outcome(registered):
    sentence, function = registered
    try:
        function()
        return {'name': sentence, 'ok': True}
    except BaseException:  # A check that ends the interpreter is a failed check too.
        return {'name': sentence, 'ok': False, 'detail': traceback.format_exc(limit=-4)}


class Recorder:
    """The last answer as it stood on the wire; clients of it are used by one thread each."""

    status = None
    headers = {}
    body = None

    def __call__(self, response_dict, **_):
        self.status = response_dict['status_code']
        self.headers = response_dict['headers']
        body = response_dict['body']
        self.body = body if isinstance(body, bytes) else None


def client(service='lambda', access_key='test', region=REGION, **config):
    """A client that sends what it is given, unchecked and once, and records the answer as `.wire`."""
    settings = {'parameter_validation': False, 'retries': {'total_max_attempts': 1}, **config}
    made = boto3.session.Session().client(
        service,
        region_name=region,
        aws_access_key_id=access_key,
        aws_secret_access_key='test',
        endpoint_url=os.environ['AWS_ENDPOINT_URL'],
        config=Config(**settings),
    )
    made.wire = Recorder()
    made.meta.events.register('response-received.*', made.wire)
    return made


def zipped(files=None):
    """A zip of text files; `bootstrap` is executable."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, 'w', zipfile.ZIP_DEFLATED) as archive:
        for name, text in (files or {'app.py': HELLO}).items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o755 if name.endswith(('bootstrap', '.sh')) else 0o644) << 16
            archive.writestr(entry, text)
    return buffer.getvalue()


def definition(name, source=HELLO, **more):
    return {
        'FunctionName': name,
        'Runtime': 'python3.11',
        'Handler': 'app.handler',
        'Role': ROLE,
        'Code': {'ZipFile': zipped({'app.py': source})},
        **more,
    }


def create(api, name, source=HELLO, wait=True, **more):
    """Creates a Python function, waits until it is active, and gives the answer to the creation."""
    made = api.create_function(**definition(name, source, **more))
    if wait:
        settle(api, name)
    return made


def settle(api, name, waiter='function_active_v2', **more):
    """Waits as SDKs do, in shorter steps."""
    api.get_waiter(waiter).wait(
        FunctionName=name, WaiterConfig={'Delay': 0.05, 'MaxAttempts': 400}, **more
    )


def updated(api, name):
    settle(api, name, 'function_updated_v2')


def arn(name, region=REGION, account=ACCOUNT):
    return f'arn:aws:lambda:{region}:{account}:function:{name}'


def wire(api, call):
    """The answer to a call as JSON, whether it succeeded or not."""
    try:
        call()
    except botocore.exceptions.ClientError:
        pass
    return json.loads(api.wire.body or b'{}')


def refused(api, call, status, error, text, key='message', type='User', **members):
    """The call fails with exactly this error: status, type, the key of the text, `Type`, and no member more.
    A compiled pattern as text has to match all of it."""
    try:
        answer = call()
    except botocore.exceptions.ClientError as failure:
        answered = failure.response['Error']['Code']
    else:
        raise AssertionError(f'expected {error}, got {answer}')
    body = json.loads(api.wire.body)
    said = body.get(key)
    wanted = said if isinstance(text, re.Pattern) and text.fullmatch(said or '') else text
    expected = {**({'Type': type} if type else {}), key: wanted, **members}
    equal(
        {'status': api.wire.status, 'error': answered, 'body': body},
        {'status': status, 'error': error, 'body': expected},
    )


def invalid(api, call, text, **more):
    refused(api, call, 400, 'InvalidParameterValueException', text, **more)


def violates(api, call, value, path, rule, count=1):
    """A constraint of the service model is broken."""
    errors = 'error' if count == 1 else 'errors'
    value = "Value null" if value is None else f"Value '{value}'"
    text = f"{count} validation {errors} detected: {value} at '{path}' failed to satisfy constraint: {rule}"
    refused(api, call, 400, 'ValidationException', text, type=None)


def missing(api, call, text):
    refused(api, call, 404, 'ResourceNotFoundException', text, key='Message')


def equal(actual, expected):
    if actual != expected:
        raise AssertionError(
            f'got      {json.dumps(actual, default=str, sort_keys=True)[:6000]}\n'
            f'expected {json.dumps(expected, default=str, sort_keys=True)[:6000]}'
        )


def matches(pattern, text):
    if not re.fullmatch(pattern, text or '', re.DOTALL):
        raise AssertionError(f'{text!r} does not match {pattern!r}')


def invoke(api, name, event=None, **more):
    """The parsed payload, the error kind, the executed version, and the tail of the log if it was asked for."""
    payload = {} if event is None else {'Payload': json.dumps(event)}
    answer = api.invoke(FunctionName=name, **payload, **more)
    text = answer['Payload'].read()
    return {
        'status': answer['StatusCode'],
        'payload': json.loads(text) if text else None,
        'error': answer.get('FunctionError'),
        'version': answer.get('ExecutedVersion'),
        'log': base64.b64decode(answer.get('LogResult', '')).decode(),
    }


def result(api, name, event=None, **more):
    """The payload of an invocation that has to succeed."""
    answer = invoke(api, name, event, **more)
    if answer['error']:
        raise AssertionError(f'{name} failed: {answer["payload"]}')
    return answer['payload']


def eventually(read, done, tries=600):
    """Reads until it is so; each read is a call that takes its time."""
    for _ in range(tries):
        found = read()
        if done(found):
            return found
    raise AssertionError(f'it did not come to that; the last was {found!r}'[:6000])
