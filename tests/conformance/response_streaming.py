import base64
import json

from checks import *

STREAM = '''exports.handler = awslambda.streamifyResponse(async (event, stream, context) => {
  if (event.early) throw new TypeError(event.early);
  if (event.type) stream.setContentType(event.type);
  for (const part of event.parts ?? []) stream.write(part);
  if (event.late) throw new RangeError(event.late);
  if (event.bytes) stream.write(Buffer.alloc(event.bytes, 'x'));
  if (event.context) stream.write(context.clientContext);
  stream.end();
});
'''
INVALID_CONTENT = 'InvalidRequestContentException'


def create_stream(api, name, source=STREAM, **more):
    api.create_function(
        FunctionName=name,
        Runtime='nodejs24.x',
        Handler='index.handler',
        Role=ROLE,
        Code={'ZipFile': zipped({'index.js': source})},
        **more,
    )
    settle(api, name)


def stream(api, name, event=None, **more):
    """The answer, its chunks, and the members of its last event."""
    payload = {} if event is None else {'Payload': json.dumps(event)}
    answer = api.invoke_with_response_stream(FunctionName=name, **payload, **more)
    chunks, complete = [], None
    for event in answer['EventStream']:
        if 'PayloadChunk' in event:
            chunks.append(event['PayloadChunk']['Payload'])
        if 'InvokeComplete' in event:
            complete = event['InvokeComplete']
    return answer, chunks, complete


@check('a streamed answer carries status, version, request id and type, and its bytes as they were written')
def _():
    api = client()
    create_stream(api, 'streams')
    answer, chunks, complete = stream(api, 'streams', {'parts': ['a', 'é', 'c']})
    equal(b''.join(chunks).decode(), 'aéc')
    equal(complete, {})
    equal((answer['StatusCode'], answer['ExecutedVersion']), (200, '$LATEST'))
    equal(answer['ResponseStreamContentType'], 'application/vnd.amazon.eventstream')
    matches(r'[0-9a-f-]{36}', answer['ResponseMetadata']['RequestId'])


@check('a function that does not stream answers in one chunk')
def _():
    api = client()
    create(api, 'plain')
    _, chunks, complete = stream(api, 'plain', 1)
    equal(([json.loads(chunk) for chunk in chunks], complete), ([{'hello': 1}], {}))


@check('Invoke gets the whole of a streamed answer')
def _():
    api = client()
    create_stream(api, 'collected')
    answer = api.invoke(FunctionName='collected', Payload=json.dumps({'parts': ['a', 'b'], 'type': 'text/x'}))
    equal((answer['Payload'].read(), api.wire.headers['content-type']), (b'ab', 'text/x'))


@check('Invoke gets 6 MB of a streamed answer at most; as a stream there is more')
def _():
    api = client()
    create_stream(api, 'large', Timeout=30)
    bytes = 6_291_557
    equal(
        invoke(api, 'large', {'bytes': bytes})['payload'],
        {
            'errorMessage': 'Response payload size exceeded maximum allowed payload size (6291556 bytes).',
            'errorType': 'Function.ResponseSizeTooLarge',
        },
    )
    _, chunks, complete = stream(api, 'large', {'bytes': bytes})
    equal((sum(map(len, chunks)), complete), (bytes, {}))


@check('an error before the first byte is the only event, and the FunctionError of an Invoke')
def _():
    api = client()
    create_stream(api, 'early')
    _, chunks, complete = stream(api, 'early', {'early': 'no'})
    equal((chunks, complete['ErrorCode']), ([], 'TypeError'))
    equal(json.loads(complete['ErrorDetails'])['errorMessage'], 'no')
    equal(invoke(api, 'early', {'early': 'no'})['error'], 'Unhandled')


@check('an error in the middle follows what was written, with its code and details')
def _():
    api = client()
    create_stream(api, 'late')
    _, chunks, complete = stream(api, 'late', {'parts': ['a'], 'late': 'broke off'})
    equal((b''.join(chunks), complete['ErrorCode']), (b'a', 'RangeError'))
    equal(json.loads(complete['ErrorDetails'])['errorMessage'], 'broke off')
    collected = invoke(api, 'late', {'parts': ['a'], 'late': 'broke off'})
    equal((collected['error'], collected['payload']['errorMessage']), ('Unhandled', 'broke off'))


@check('LogType Tail brings the log, from START to REPORT, in the last event')
def _():
    api = client()
    create_stream(api, 'tailed')
    answer, _, complete = stream(api, 'tailed', {'parts': ['a']}, LogType='Tail')
    log = base64.b64decode(complete['LogResult']).decode()
    matches(r'START RequestId: (?P<id>\S+) Version: \$LATEST\nEND RequestId: (?P=id)\nREPORT .*\n', log)
    equal(answer['ResponseMetadata']['RequestId'] in log, True)


@check('Qualifier and ClientContext reach the function')
def _():
    api = client()
    create_stream(api, 'qualified', Publish=True)
    context = base64.b64encode(b'{"custom":{"k":"v"}}').decode()
    answer, chunks, _ = stream(api, 'qualified', {'context': True}, Qualifier='1', ClientContext=context)
    equal((answer['ExecutedVersion'], json.loads(b''.join(chunks))), ('1', {'custom': {'k': 'v'}}))


@check('DryRun checks and does not run')
def _():
    api = client()
    create_stream(api, 'dry')
    api.invoke_with_response_stream(FunctionName='dry', InvocationType='DryRun')
    equal(api.wire.status, 204)
    missing(
        api,
        lambda: api.invoke_with_response_stream(FunctionName='no-such', InvocationType='DryRun'),
        f'Function not found: {arn("no-such")}:$LATEST',
    )


@check('what Invoke refuses is refused here with the same words')
def _():
    api = client()
    create_stream(api, 'refuses')
    missing(
        api,
        lambda: api.invoke_with_response_stream(FunctionName='no-such'),
        f'Function not found: {arn("no-such")}:$LATEST',
    )
    refused(
        api,
        lambda: api.invoke_with_response_stream(FunctionName='refuses', ClientContext='e30xx'),
        400,
        INVALID_CONTENT,
        'Client context must be a valid Base64-encoded JSON object.',
    )
    violates(
        api,
        lambda: api.invoke_with_response_stream(FunctionName='refuses', InvocationType='Event'),
        'Event',
        'invocationType',
        'Member must satisfy enum value set: [RequestResponse, DryRun]',
    )
    api.put_function_concurrency(FunctionName='refuses', ReservedConcurrentExecutions=0)
    refused(
        api,
        lambda: api.invoke_with_response_stream(FunctionName='refuses'),
        429,
        'TooManyRequestsException',
        'Rate Exceeded.',
        Reason='ReservedFunctionConcurrentInvocationLimitExceeded',
    )


run()
