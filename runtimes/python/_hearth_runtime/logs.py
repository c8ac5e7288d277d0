"""Log lines: framed to the platform's descriptor, or to standard output where there is none."""

import os
import sys
import time

TEXT_FRAME = 0xA55A0003
JSON_FRAME = 0xA55A0002
WARNING_MASK = 0x10
ERROR_MASK = 0x14
NO_BREAK_SPACE = "\u00a0"

UNHANDLED_WARNING = (
    "LAMBDA_WARNING: Unhandled exception. The most likely cause is an issue in the function code. However, in rare"
    " cases, a Lambda runtime update can cause unexpected function behavior. For functions using managed runtimes,"
    " runtime updates can be triggered by a function change, or can be applied automatically. To determine if the"
    " runtime has been updated, check the runtime version in the INIT_START log entry. If this error correlates with"
    " a change in the runtime version, you may be able to mitigate this error by temporarily rolling back to the"
    " previous runtime version. For more information, see"
    " https://docs.aws.amazon.com/lambda/latest/dg/runtimes-update.html\r"
)


class FramedSink:
    """Frames of type, length, time in µs and message; a message stays one event, however many lines it has."""

    line_separator = "\n"
    error_end = ""

    def __init__(self, descriptor):
        self._descriptor = descriptor
        os.set_blocking(descriptor, True)

    def log(self, message, frame_type=TEXT_FRAME):
        data = message.encode("utf-8", "backslashreplace")
        header = frame_type.to_bytes(4, "big") + len(data).to_bytes(4, "big")
        frame = header + (time.time_ns() // 1000).to_bytes(8, "big") + data
        written = os.write(self._descriptor, frame)
        while written < len(frame):
            written += os.write(self._descriptor, frame[written:])


class StandardSink:
    """Lines on standard output; those of one message are held together by carriage returns."""

    line_separator = "\r"
    error_end = "\n"

    def log(self, message, frame_type=TEXT_FRAME):
        sys.stdout.write(message)


class LogSettings:
    """What the function's logging configuration asks for, taken out of the environment where AWS does."""

    def __init__(self, environ):
        descriptor = environ.pop("_LAMBDA_TELEMETRY_LOG_FD", None)
        self.sink = StandardSink() if descriptor is None else FramedSink(int(descriptor))
        self.json = environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"
        level = environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
        self.level = {"TRACE": "DEBUG", "WARN": "WARNING", "FATAL": "CRITICAL"}.get(level, level)
        self.frame_type = JSON_FRAME if self.json else TEXT_FRAME

    def log_error(self, payload):
        sink = self.sink
        lines = [_error_as_json(payload)] if self.json else error_lines(payload)
        sink.log(sink.line_separator.join(lines) + sink.error_end, self.frame_type | ERROR_MASK)

    def warn_unhandled(self):
        self.sink.log(UNHANDLED_WARNING, self.frame_type | WARNING_MASK)


class State:
    settings = None
    request_id = ""
    tenant_id = None


def sink():
    return None if State.settings is None else State.settings.sink


def error_lines(payload):
    kind, message = payload["errorType"], payload["errorMessage"]
    description = "[ERROR]"
    if kind:
        description += " " + kind
    if message:
        description += (": " if kind else " ") + message
    lines = [description, "Traceback (most recent call last):"]
    for element in payload["stackTrace"]:
        lines += [_with_no_break_indent(line) for line in element.splitlines()] or [""]
    return lines


def _with_no_break_indent(line):
    text = line.lstrip(" ")
    return NO_BREAK_SPACE * (len(line) - len(text)) + text


def _error_as_json(payload):
    from .payloads import to_json

    timestamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return to_json({"timestamp": timestamp, "log_level": "ERROR", **payload}).decode("utf-8")


class LoggingHook:
    """Sets up `logging` at the moment the function first imports it: 15 ms that a function without it never pays."""

    def find_spec(self, name, path=None, target=None):
        if name != "logging":
            return None
        sys.meta_path.remove(self)
        for finder in sys.meta_path:
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                self._extend(spec.loader)
                return spec
        return None

    def _extend(self, loader):
        load = loader.exec_module

        def exec_module(module):
            load(module)
            from .logging_setup import set_up

            set_up(module, State)

        loader.exec_module = exec_module


def start_logging(environ):
    State.settings = LogSettings(environ)
    if "logging" in sys.modules:
        from .logging_setup import set_up

        set_up(sys.modules["logging"], State)
    else:
        sys.meta_path.insert(0, LoggingHook())
    return State.settings
