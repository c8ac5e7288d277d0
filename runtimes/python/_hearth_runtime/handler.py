"""Finds the function's handler."""

import importlib
import os
import sys

from .faults import Fault


def set_search_path(environ):
    """The function's code first, then its layers, then what the runtime brings.

    A `PYTHONPATH` of the function's own replaces the layers and the runtime's default, as on AWS.
    """
    if "PYTHONPATH" not in environ:
        environ["PYTHONPATH"] = environ.get("LAMBDA_RUNTIME_DIR", "/var/runtime")
        opt = environ.pop("HEARTH_OPT_DIR", "/opt")
        version = "python{}.{}".format(*sys.version_info)
        sys.path[0:0] = [
            "{}/python/lib/{}/site-packages".format(opt, version),
            "{}/python".format(opt),
        ]
    environ.pop("HEARTH_OPT_DIR", None)
    sys.path.insert(0, environ.get("LAMBDA_TASK_ROOT", os.getcwd()))


def load_handler(name):
    """The function named by `package/module.function`. Raises `Fault` or whatever the module raises."""
    try:
        module_name, function_name = name.rsplit(".", 1)
    except ValueError as error:
        raise Fault("Runtime.MalformedHandlerName", "Bad handler '{}': {}".format(name, error)) from None
    module = _import(module_name)
    try:
        return getattr(module, function_name)
    except AttributeError:
        message = "Handler '{}' missing on module '{}'".format(function_name, module_name)
        raise Fault("Runtime.HandlerNotFound", message) from None


def _import(name):
    if name.split(".")[0] in sys.builtin_module_names:
        message = "Cannot use built-in module {} as a handler module".format(name)
        raise Fault("Runtime.BuiltInModuleConflict", message)
    try:
        return importlib.import_module(name.replace("/", "."))
    except ImportError as error:
        message = "Unable to import module '{}': {}".format(name, error)
        raise Fault("Runtime.ImportModuleError", message) from None
    except SyntaxError as error:
        trace = ['  File "{}" Line {}\n    {}'.format(error.filename, error.lineno, error.text)]
        message = "Syntax error in module '{}': {}".format(name, error)
        raise Fault("Runtime.UserCodeSyntaxError", message, trace) from None
