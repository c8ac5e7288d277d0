import datetime
import importlib.util
import pathlib
import time

from checks import *

ACTIVE = {'TracingConfig': {'Mode': 'Active'}}
HEADER = r'Root=(1-[0-9a-f]{8}-[0-9a-f]{24});Parent=([0-9a-f]{16});Sampled=([01])'
ECHO = 'import os\ndef handler(event, context):\n    return os.environ["_X_AMZN_TRACE_ID"]\n'
ROOT, PARENT = '1-66a0f1c2-0123456789abcdef01234567', '0123456789abcdef'

# As users instrument a function: the decorator-free interface, an annotation, metadata, an exception, a nested subsegment.
INSTRUMENTED = '''
from aws_xray_sdk.core import xray_recorder

def handler(event, context):
    with xray_recorder.in_subsegment("outer") as outer:
        outer.put_annotation("order", event["order"])
        with xray_recorder.in_subsegment("inner"):
            pass
    return len(event)
'''


def packages(*names):
    """The files of installed packages, for a zip."""
    files = {}
    for name in names:
        folder = pathlib.Path(importlib.util.find_spec(name).submodule_search_locations[0])
        for path in folder.rglob('*'):
            if path.is_file() and '__pycache__' not in path.parts:
                files[f'{name}/{path.relative_to(folder)}'] = path.read_bytes()
    return files


def traced(api, name, source=ECHO, header=None, **more):
    """The payload, the log and the parts of the header of an invocation."""
    api.meta.events.register('before-call.lambda.Invoke', lambda params, **_: header and params['headers'].update({'X-Amzn-Trace-Id': header}))
    return invoke(api, name, LogType='Tail')


def segments(trace):
    return [json.loads(segment['Document']) for segment in trace['Segments']]


def lambdas(xray, trace_id):
    """Lambda's own two segments of a trace, the service's first."""
    answer = eventually(
        lambda: xray.batch_get_traces(TraceIds=[trace_id])['Traces'],
        lambda traces: traces and len(traces[0]['Segments']) >= 2,
    )
    return sorted(segments(answer[0]), key=lambda segment: segment['origin'])


@check('TracingConfig is shown as it was set, and a sampled invocation has an XRAY line behind REPORT')
def _():
    api = client()
    equal(create(api, 'line', ECHO, **ACTIVE)['TracingConfig'], {'Mode': 'Active'})
    answer = traced(api, 'line', header='Sampled=1')
    match = re.fullmatch(HEADER, answer['payload'])
    equal(match.group(3), '1')
    line = f'\nXRAY TraceId: {match.group(1)}\tSegmentId: {match.group(2)}\tSampled: true\t\n'
    equal(answer['log'].endswith(line), True)
    equal(answer['log'].count('REPORT'), 1)
    api.update_function_configuration(FunctionName='line', TracingConfig={'Mode': 'PassThrough'})
    updated(api, 'line')
    equal(api.get_function_configuration(FunctionName='line')['TracingConfig'], {'Mode': 'PassThrough'})
    answer = traced(client(), 'line')
    matches(r'Root=1-[0-9a-f-]+;Parent=[0-9a-f]{16};Sampled=0', answer['payload'])
    equal('XRAY' in answer['log'], False)


@check('a caller that has decided is followed, in its trace; PassThrough hands the header on as it came')
def _():
    api = client()
    create(api, 'followed', ECHO, **ACTIVE)
    answer = traced(client(), 'followed', header=f'Root={ROOT};Parent={PARENT};Sampled=0;Lineage=a:1')
    matches(rf'Root={ROOT};Parent=(?!{PARENT})[0-9a-f]{{16}};Sampled=0;Lineage=a:1', answer['payload'])
    equal('XRAY' in answer['log'], False)
    answer = traced(client(), 'followed', header=f'Root={ROOT};Parent={PARENT};Sampled=1')
    matches(rf'Root={ROOT};Parent=[0-9a-f]{{16}};Sampled=1', answer['payload'])
    create(api, 'passing', ECHO)
    header = f'Root={ROOT};Parent={PARENT};Sampled=1'
    equal(traced(client(), 'passing', header=header)['payload'], header)


@check('without a decision the first request of a second is sampled, and few of the others')
def _():
    api = client()
    create(api, 'rate', ECHO, **ACTIVE)
    answers = [re.fullmatch(HEADER, invoke(api, 'rate')['payload']) for _ in range(60)]
    seconds = {match.group(1)[:10] for match in answers}
    sampled = sum(match.group(3) == '1' for match in answers)
    # 5 % of 60 are 3; that 30 of them come up happens once in 10^20 runs.
    if not len(seconds) - 1 <= sampled < len(seconds) + 30:
        raise AssertionError(f'{sampled} of 60 in {len(seconds)} seconds')


@check('in the JSON format start and report carry the trace')
def _():
    api = client()
    create(api, 'json', ECHO, LoggingConfig={'LogFormat': 'JSON'}, **ACTIVE)
    answer = traced(api, 'json', header='Sampled=1')
    records = {line['type']: line['record'] for line in map(json.loads, answer['log'].splitlines()) if 'type' in line}
    span = re.fullmatch(HEADER, answer['payload']).group(2)
    tracing = {'spanId': span, 'type': 'X-Amzn-Trace-Id', 'value': answer['payload']}
    equal(records['platform.report']['tracing'], tracing)
    equal(records['platform.start']['tracing'], tracing)


@check("Lambda's two segments are kept, the first with its Initialization, and failures are faults")
def _():
    api, xray = client(), client('xray')
    create(api, 'own', ECHO.replace('return', 'if event: raise ValueError\n    return'), **ACTIVE)
    header = f'Root={ROOT[:-1]}a;Parent={PARENT};Sampled=1'
    traced(api, 'own', header=header)
    service, function = lambdas(xray, f'{ROOT[:-1]}a')
    equal((service['origin'], service['name'], service['parent_id']), ('AWS::Lambda', 'own', PARENT))
    equal((function['origin'], function['parent_id']), ('AWS::Lambda::Function', service['id']))
    equal([one['name'] for one in function['subsegments']], ['Initialization', 'Invocation'])
    equal(service['start_time'] <= function['start_time'] < function['end_time'] <= service['end_time'] + 0.001, True)
    equal(('fault' in service, service['resource_arn']), (False, arn('own')))
    failed = client()
    failed.meta.events.register('before-call.lambda.Invoke', lambda params, **_: params['headers'].update({'X-Amzn-Trace-Id': f'Root={ROOT[:-1]}b;Sampled=1'}))
    equal(invoke(failed, 'own', {'fail': True})['error'], 'Unhandled')
    service, function = lambdas(xray, f'{ROOT[:-1]}b')
    equal((service['fault'], function['fault'], 'parent_id' in service), (True, True, False))
    equal([one['name'] for one in function['subsegments']], ['Invocation'])


@check('what the X-Ray SDK sends to the daemon is part of the trace')
def _():
    api, xray = client(), client('xray')
    files = packages('aws_xray_sdk', 'wrapt')
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, 'w', zipfile.ZIP_DEFLATED) as archive:
        archive.writestr('app.py', INSTRUMENTED)
        for name, content in files.items():
            archive.writestr(name, content)
    api.create_function(**{**definition('sdk', **ACTIVE, Timeout=20), 'Code': {'ZipFile': buffer.getvalue()}})
    settle(api, 'sdk')
    trace_id = f'{ROOT[:-1]}c'
    api.meta.events.register('before-call.lambda.Invoke', lambda params, **_: params['headers'].update({'X-Amzn-Trace-Id': f'Root={trace_id};Sampled=1'}))
    equal(result(api, 'sdk', {'order': 'o-1'}), 1)
    below = lambda traces: [s for t in traces for d in segments(t) if d['origin'] == 'AWS::Lambda::Function' for s in d['subsegments']]
    found = eventually(lambda: below(xray.batch_get_traces(TraceIds=[trace_id])['Traces']), lambda all: 'outer' in [one['name'] for one in all])
    outer = next(one for one in found if one['name'] == 'outer')
    equal((outer['annotations'], [one['name'] for one in outer['subsegments']]), ({'order': 'o-1'}, ['inner']))


@check('GetTraceSummaries finds traces by when they began, page by page')
def _():
    xray = client('xray', access_key='222222222222')
    now = int(time.time())
    ids = [f'1-{now - 10:08x}-{i:024x}' for i in range(60)]
    for part in (ids[:30], ids[30:]):
        documents = [
            json.dumps({'id': f'{i:016x}', 'trace_id': id, 'name': 'web', 'start_time': now - 10, 'end_time': now - 9.5, 'error': True,
                        'annotations': {'user': 'u', 'count': 3, 'paid': True}})
            for i, id in enumerate(part, 1)
        ]
        equal(xray.put_trace_segments(TraceSegmentDocuments=documents)['UnprocessedTraceSegments'], [])
    range_ = {'StartTime': datetime.datetime.fromtimestamp(now - 20), 'EndTime': datetime.datetime.fromtimestamp(now)}
    pages = list(xray.get_paginator('get_trace_summaries').paginate(**range_))
    equal([len(page['TraceSummaries']) for page in pages], [50, 10])
    first = pages[0]['TraceSummaries'][0]
    equal((first['Id'], first['Duration'], first['HasError'], first['HasFault']), (ids[0], 0.5, True, False))
    equal(first['Annotations']['count'][0]['AnnotationValue'], {'NumberValue': 3.0})
    earlier = {'StartTime': datetime.datetime.fromtimestamp(now - 3600), 'EndTime': datetime.datetime.fromtimestamp(now - 60)}
    equal(xray.get_trace_summaries(**earlier)['TraceSummaries'], [])
    other = client('xray', access_key='333333333333')
    equal(other.get_trace_summaries(**range_)['TraceSummaries'], [])
    equal(other.batch_get_traces(TraceIds=[ids[0], 'none'])['UnprocessedTraceIds'], ['none'])


@check('what is no segment is given back, and what is not served is refused by name')
def _():
    xray = client('xray')
    deep = '{"id":"%s","trace_id":"%s","name":"n","start_time":1,"metadata":%s}' % (PARENT, ROOT, '[' * 5000 + ']' * 5000)
    wrong = ['', '[]', '{}', '{"id":"x"}', deep, json.dumps({'id': PARENT, 'trace_id': 'x', 'name': 'n', 'start_time': 1})]
    equal(len(xray.put_trace_segments(TraceSegmentDocuments=wrong)['UnprocessedTraceSegments']), len(wrong))
    now = datetime.datetime.now()
    text = 'Hearth does not implement GetTraceSummaries: FilterExpression. Leave it out, and choose among the summaries.'
    refused(xray, lambda: xray.get_trace_summaries(StartTime=now, EndTime=now, FilterExpression='error'), 501, 'NotImplemented', text)
    refused(xray, lambda: xray.get_groups(), 501, 'NotImplemented', 'Hearth does not implement GetGroups.')


run()
