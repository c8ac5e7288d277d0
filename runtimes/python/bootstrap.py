"""Entry of the Python runtime. Tiny on purpose: Python caches the bytecode of imported modules, never of a script."""

import sys

if __name__ == "__main__":
    runtime_folder = __file__.rpartition("/")[0]
    if runtime_folder not in sys.path:
        sys.path.insert(0, runtime_folder)
    from _hearth_runtime.main import main

    main()
