"""Events and results between JSON and Python, as Lambda's Python runtimes translate them.

Lambda encodes with simplejson. Same here where it shows: `Decimal` is a number, `NaN` is allowed, `bytes` inside a
result are text, a named tuple is an object, and from Python 3.12 on text is not escaped to ASCII. The accelerators of
the standard library do the work without importing `json`, which alone would cost 8 ms of start; whatever they refuse
goes to `json` itself.
"""

import _json
import sys

from .faults import Fault

ESCAPES_NON_ASCII = sys.version_info < (3, 12)
ATOMS = frozenset((str, int, float, bool, type(None)))
CONSTANTS = {"-Infinity": float("-inf"), "Infinity": float("inf"), "NaN": float("nan")}

encode_text = _json.encode_basestring_ascii if ESCAPES_NON_ASCII else _json.encode_basestring


class _ScannerSettings:
    strict = True
    object_hook = None
    object_pairs_hook = None
    array_hook = None
    parse_float = float
    parse_int = int
    parse_constant = CONSTANTS.__getitem__
    memo = {}


class _RawNumber(str):
    """Digits that are written as they stand."""


def _make_scanner():
    try:
        return _json.make_scanner(_ScannerSettings)
    except (AttributeError, TypeError):
        return None


_scan = _make_scanner()


def parse_event(body, content_type):
    """The event: any JSON value, or the bytes themselves where the invoker said that they are something else."""
    try:
        return _parse(body.decode("utf-8"))
    except Exception as error:
        if not content_type.startswith("application/json"):
            return body
        raise Fault("Runtime.UnmarshalError", "Unable to unmarshal input: {}".format(error)) from None


def _parse(text):
    stripped = text.strip(" \t\n\r")
    if _scan is not None:
        try:
            value, end = _scan(stripped, 0)
            if end == len(stripped):
                return value
        # Some versions leave no exception of their own here; the standard library then says what is wrong.
        except Exception:
            pass
    import json

    return json.loads(text)


def render_result(result):
    """The response body and its content type."""
    if isinstance(result, bytes):
        return result, b"application/unknown"
    try:
        return to_json(result), b"application/json"
    except Exception as error:
        raise Fault("Runtime.MarshalError", "Unable to marshal response: {}".format(error)) from None


def to_json(value):
    if _has_named_tuple(value, 0):
        value = _named_tuples_as_dicts(value)
    try:
        text = _encode(value, encode_text)
    except _MetDecimal:
        text = _encode(value, _encode_text_or_number)
    return text.encode("utf-8")


class _MetDecimal(Exception):
    """The fast encoder knows no way to write digits as they stand; the one that does is slower for all text."""


def _encode(value, text_encoder):
    raw_numbers = text_encoder is _encode_text_or_number

    def default(item):
        return _default(item, raw_numbers)

    try:
        encoder = _json.make_encoder({}, default, text_encoder, None, ": ", ", ", False, False, True)
    except TypeError:
        return _encode_slowly(value, default)
    return "".join(encoder(value, 0))


def _encode_slowly(value, default):
    import json

    return json.dumps(value, default=default, ensure_ascii=ESCAPES_NON_ASCII)


def _default(item, raw_numbers):
    if isinstance(item, bytes):
        return item.decode("utf-8")
    decimal = sys.modules.get("decimal")
    if decimal is not None and isinstance(item, decimal.Decimal):
        if item.is_nan():
            return CONSTANTS["NaN"]
        if not raw_numbers:
            raise _MetDecimal
        return _RawNumber(item)
    raise TypeError("Object of type {} is not JSON serializable".format(type(item).__name__))


def _encode_text_or_number(text):
    return str(text) if type(text) is _RawNumber else encode_text(text)


# Deeper than any result that can be encoded: the encoder itself reports what recurses.
DEPTH_LIMIT = 200


def _has_named_tuple(value, depth):
    kind = type(value)
    if kind in ATOMS or depth > DEPTH_LIMIT:
        return False
    if isinstance(value, dict):
        return any(_has_named_tuple(item, depth + 1) for item in value.values() if type(item) not in ATOMS)
    if isinstance(value, (list, tuple)):
        if hasattr(value, "_asdict"):
            return True
        return any(_has_named_tuple(item, depth + 1) for item in value if type(item) not in ATOMS)
    return False


def _named_tuples_as_dicts(value):
    if isinstance(value, dict):
        return {key: _named_tuples_as_dicts(item) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return _named_tuples_as_dicts(value._asdict())
    if isinstance(value, (list, tuple)):
        return [_named_tuples_as_dicts(item) for item in value]
    return value
