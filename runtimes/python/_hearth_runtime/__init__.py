"""Hearth's Python runtime: speaks the Lambda Runtime API and runs the handler.

Imports as little as it can: `re`, `json`, `logging` and `socket` together would cost 15 ms of a 10 ms start, so each
is loaded when the function (or an error) first needs it.
"""
