"""Hooks around a SnapStart snapshot, by the names of AWS's own library.

`register_before_snapshot` may decorate a function or be called with one and its arguments; what was registered last runs
first. `register_after_restore` is the same for after each restore; there what was registered first runs first.
"""

_before_snapshot = []
_after_restore = []


def register_before_snapshot(func, *args, **kwargs):
    _before_snapshot.append((func, args, kwargs))
    return func


def register_after_restore(func, *args, **kwargs):
    _after_restore.append((func, args, kwargs))
    return func


def get_before_snapshot():
    return _before_snapshot


def get_after_restore():
    return _after_restore
