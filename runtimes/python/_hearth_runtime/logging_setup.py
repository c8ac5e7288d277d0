"""Handler, filter and formatters that Lambda puts on the root logger. Imported with `logging`, never before."""

import logging
import time

from .logs import JSON_FRAME, TEXT_FRAME

MASKS = {
    logging.DEBUG: 0x08,
    logging.INFO: 0x0C,
    logging.WARNING: 0x10,
    logging.ERROR: 0x14,
    logging.CRITICAL: 0x18,
}
STANDARD_MEMBERS = frozenset(
    "name msg args levelname levelno pathname filename module exc_info exc_text stack_info lineno funcName created"
    " msecs relativeCreated thread threadName processName process taskName aws_request_id tenant_id".split()
)


def standard_level(record):
    """Lambda knows five levels; others count as the next one below."""
    return min(50, max(0, record.levelno)) // 10 * 10


class LambdaLoggerHandler(logging.Handler):
    def __init__(self, log_sink, frame_type):
        super().__init__()
        self.log_sink = log_sink
        self._frame_type = frame_type

    def emit(self, record):
        self.log_sink.log(self.format(record), self._frame_type | MASKS.get(standard_level(record), 0))


class LambdaLoggerFilter(logging.Filter):
    """Adds what only the runtime knows to each record."""

    def __init__(self, state):
        super().__init__()
        self._state = state

    def filter(self, record):
        record.aws_request_id = self._state.request_id
        record.tenant_id = self._state.tenant_id
        return True


class JsonFormatter(logging.Formatter):
    def format(self, record):
        from .payloads import to_json

        members = {key: value for key, value in self._members(record).items() if value is not None}
        for key, value in record.__dict__.items():
            if key not in STANDARD_MEMBERS and key not in members:
                members[key] = value
        try:
            return to_json(members).decode("utf-8") + "\n"
        except (TypeError, ValueError):
            return to_json({key: _plain(value) for key, value in members.items()}).decode("utf-8") + "\n"

    def _members(self, record):
        error = record.exc_info if record.exc_info and record.exc_info[0] else None
        return {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": logging.getLevelName(standard_level(record)),
            "message": record.getMessage(),
            "logger": record.name,
            "stackTrace": _stack_trace(error),
            "errorType": error and error[0].__name__,
            "errorMessage": error and str(error[1]),
            "requestId": record.aws_request_id,
            "location": error and "{}:{}:{}".format(record.pathname, record.funcName, record.lineno),
            "tenantId": record.tenant_id,
        }


def _stack_trace(error):
    if error is None:
        return None
    import traceback

    return traceback.format_tb(error[2])


def _plain(value):
    return value if isinstance(value, (str, int, float, bool, type(None), list)) else str(value)


def set_up(module, state):
    settings = state.settings
    module.Formatter.converter = time.gmtime
    handler = LambdaLoggerHandler(settings.sink, JSON_FRAME if settings.json else TEXT_FRAME)
    handler.setFormatter(JsonFormatter() if settings.json else _text_formatter(module))
    handler.addFilter(LambdaLoggerFilter(state))
    root = module.getLogger()
    root.addHandler(handler)
    if settings.level in MASK_NAMES:
        root.setLevel(settings.level)


MASK_NAMES = frozenset(logging.getLevelName(level) for level in MASKS)


def _text_formatter(module):
    line = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n"
    return module.Formatter(line, "%Y-%m-%dT%H:%M:%S")
