"""SnapStart: the process that ran Init waits here and is forked, once for each environment, which goes on from here."""

import gc
import os
import sys

from .faults import describe_current
from .payloads import to_json

BEFORE_SNAPSHOT_EXIT_CODE = 64
AFTER_RESTORE_EXIT_CODE = 65


def wait_for_restore(connection, log):
    """Returns in each restored environment, after its hooks, and never in the process that was snapshotted."""
    # Without it nobody has registered anything.
    hooks = sys.modules.get("snapshot_restore_py")
    try:
        _run(reversed(hooks.get_before_snapshot()) if hooks else ())
    except Exception:
        _report(connection.fail_init, log, b"Runtime.BeforeSnapshotError")
        sys.exit(BEFORE_SNAPSHOT_EXIT_CODE)
    _become_restored(connection)
    try:
        _run(hooks.get_after_restore() if hooks else ())
    except Exception:
        _report(connection.fail_restore, log, b"Runtime.AfterRestoreError")
        sys.exit(AFTER_RESTORE_EXIT_CODE)


def _become_restored(connection):
    sys.stdout.flush()
    sys.stderr.flush()
    # A collection in a restored environment would write to, and so copy, every object of Init.
    gc.collect()
    gc.freeze()
    connection.next_restore()
    while os.fork() != 0:
        connection.next_restore()
    connection.reconnect()
    connection.next_restore()


def _run(registered):
    for func, args, kwargs in list(registered):
        func(*args, **kwargs)


def _report(fail, log, error_type):
    payload, _ = describe_current("")
    log.log_error(payload)
    fail(b"Lambda-Runtime-Function-Error-Type: " + error_type + b"\r\n", to_json(payload))
