"""For `hearth invoke --inspect`: lets a debugger in before the function's code is loaded."""

import sys


def wait_for_debugger(environ):
    """Listens where the platform says, and waits for a client and its breakpoints."""
    port = int(environ.pop("HEARTH_DEBUG_PORT"))
    folder = environ.pop("HEARTH_DEBUGGER_DIR")
    sys.path.append(folder)
    try:
        import debugpy
    finally:
        sys.path.remove(folder)
    debugpy.configure(subProcess=False)
    debugpy.listen(("127.0.0.1", port))
    debugpy.wait_for_client()
