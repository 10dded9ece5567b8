"""The three services of the stack, one process each, and what they share in `common`.

A service is a package with `__main__.py`; it reads its settings from the environment, logs JSON lines to
standard output, and meets the others over HTTP only, in the types of `backend.contracts`.
"""
