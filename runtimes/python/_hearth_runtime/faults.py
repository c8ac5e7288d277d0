"""What went wrong, in the shapes that the caller, the log and X-Ray see."""

import os
import sys

PACKAGE_FOLDER = __file__.rpartition("/")[0]
RUNTIME_SCRIPT = PACKAGE_FOLDER.rpartition("/")[0] + "/bootstrap.py"


class Fault(Exception):
    """A failure that the runtime itself names; `error_type` is one of Lambda's `Runtime.*` types."""

    def __init__(self, error_type, message, trace=None):
        super().__init__(message)
        self.error_type = error_type
        self.message = message
        self.trace = trace or []


def error_payload(message, error_type, stack_trace, request_id):
    return {
        "errorMessage": message or "",
        "errorType": error_type or "",
        "requestId": request_id or "",
        "stackTrace": stack_trace or [],
    }


def describe_current(request_id):
    """The payload and the X-Ray cause of the exception that is being handled."""
    kind, value, trace = sys.exc_info()
    if isinstance(value, Fault):
        payload = error_payload(value.message, value.error_type, value.trace, request_id)
        return payload, xray_cause("LambdaValidationError", value.message, [])
    import traceback

    frames = own_frames_removed(traceback.extract_tb(trace))
    payload = error_payload(str(value), kind.__name__, traceback.format_list(frames), request_id)
    return payload, xray_cause(kind.__name__, str(value), frames)


def own_frames_removed(frames):
    """Without the leading frames of the runtime: a trace begins in the function's code."""
    for index, frame in enumerate(frames):
        if not frame[0].startswith(PACKAGE_FOLDER) and frame[0] != RUNTIME_SCRIPT:
            return [tuple(frame) for frame in frames[index:]]
    return [tuple(frame) for frame in frames]


def xray_cause(error_type, message, frames):
    stack = [{"label": name, "path": path, "line": line} for path, line, name, _ in frames]
    return {
        "working_directory": os.getcwd(),
        "exceptions": [{"message": message, "type": error_type, "stack": stack}],
        "paths": sorted({frame["path"] for frame in stack}),
    }
