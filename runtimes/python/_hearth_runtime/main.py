"""The life of the runtime: start, load the handler, then one event after the other."""

import os
import sys

from .assignment import await_assignment
from .connection import RuntimeConnection, header_text, take_runtime_address
from .context import LambdaContext
from .faults import Fault, describe_current
from .handler import load_handler, set_search_path
from .logs import State, start_logging
from .payloads import parse_event, render_result, to_json

XRAY_CAUSE_LIMIT_BYTES = 32_768
INIT_ERROR_EXIT_CODE = 1


def main():
    environ = os.environ
    connection = RuntimeConnection(take_runtime_address(environ))
    if "HEARTH_UNASSIGNED" in environ:
        await_assignment(environ, connection)
        take_runtime_address(environ)
    log = start_logging(environ)
    _add_exit_builtins()
    set_search_path(environ)
    if "HEARTH_DEBUG_PORT" in environ:
        from .debugging import wait_for_debugger

        wait_for_debugger(environ)
    try:
        handler = load_handler(environ.get("_HANDLER", ""))
    except Exception:
        _report_init_error(connection, log)
        sys.exit(INIT_ERROR_EXIT_CODE)
    if environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start":
        from .snapshot import wait_for_restore

        wait_for_restore(connection, log)
    _serve(connection, handler, log)


def _add_exit_builtins():
    """`exit` and `quit`, which the interpreter lacks when it is started without its `site` module."""
    import builtins

    if not hasattr(builtins, "exit"):
        import _sitebuiltins

        builtins.exit = _sitebuiltins.Quitter("exit", "Ctrl-D (i.e. EOF)")
        builtins.quit = _sitebuiltins.Quitter("quit", "Ctrl-D (i.e. EOF)")


def _report_init_error(connection, log):
    payload, cause = describe_current("")
    log.warn_unhandled()
    log.log_error(payload)
    connection.fail_init(_error_headers(payload, cause), to_json(payload))


def _serve(connection, handler, log):
    headers, body = connection.next()
    while True:
        request_id = headers["lambda-runtime-aws-request-id"]
        State.request_id = request_id
        State.tenant_id = headers.get("lambda-runtime-aws-tenant-id")
        _pass_trace_id(headers.get("lambda-runtime-trace-id"))
        attempt = _attempt_header(headers)
        try:
            event = parse_event(body, headers.get("content-type", "application/json"))
            result, content_type = render_result(handler(event, _context(request_id, headers)))
        except Exception:
            payload, cause = describe_current(request_id)
            log.warn_unhandled()
            log.log_error(payload)
            error_headers = attempt + _error_headers(payload, cause)
            headers, body = connection.fail_and_next(request_id, error_headers, to_json(payload))
        else:
            headers, body = connection.respond_and_next(request_id, attempt, content_type, result)


def _pass_trace_id(trace_id):
    if trace_id is None:
        os.environ.pop("_X_AMZN_TRACE_ID", None)
    else:
        os.environ["_X_AMZN_TRACE_ID"] = trace_id


def _attempt_header(headers):
    attempt_id = headers.get("lambda-runtime-invocation-id")
    return b"" if attempt_id is None else b"Lambda-Runtime-Invocation-Id: " + attempt_id.encode() + b"\r\n"


def _context(request_id, headers):
    return LambdaContext(
        request_id,
        _json_header(headers.get("lambda-runtime-client-context"), "Client Context"),
        _json_header(headers.get("lambda-runtime-cognito-identity"), "Cognito Identity"),
        int(headers.get("lambda-runtime-deadline-ms", 0)),
        headers.get("lambda-runtime-invoked-function-arn"),
        State.tenant_id,
    )


def _json_header(value, name):
    if not value:
        return None
    try:
        # Headers arrive byte by byte; their text is UTF-8.
        return parse_event(value.encode("latin-1"), "application/json")
    except Fault as fault:
        reason = fault.message.replace("Unable to unmarshal input: ", "", 1)
        message = "Unable to parse {} JSON: {}".format(name, reason)
        raise Fault("Runtime.LambdaContextUnmarshalError", message) from None


def _error_headers(payload, cause):
    headers = b"Lambda-Runtime-Function-Error-Type: " + header_text(payload["errorType"])[:256] + b"\r\n"
    text = header_text(to_json(cause).decode("utf-8"))
    if len(text) > XRAY_CAUSE_LIMIT_BYTES:
        return headers
    return headers + b"Lambda-Runtime-Function-XRay-Error-Cause: " + text + b"\r\n"
