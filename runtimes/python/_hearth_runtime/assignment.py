"""For a process that was started ahead of need, without knowing what it will run."""

import os

from .payloads import parse_event


def await_assignment(environ, connection):
    """Waits, over the platform's own socket, for its function, then looks as if it had been started for that one."""
    assignment = parse_event(connection.assignment(), "application/json")
    os.chdir(assignment["folder"])
    _adopt_variables(environ, assignment["variables"])


def _adopt_variables(environ, variables):
    """
    What stays as it was keeps its place, and what the interpreter itself added comes last (LC_CTYPE, for a locale that is
    not installed): the order too is that of a process started with these variables.
    """
    del environ["HEARTH_UNASSIGNED"]
    own = {name: environ.pop(name) for name in list(environ) if name not in variables}
    for name, value in variables.items():
        if environ.get(name) != value:
            environ[name] = value
    environ.update(own)
