"""Why something that was asked for was not done. Each text says what happened and what to do."""


class RefusedError(Exception):
    """The request cannot be done as it stands: HTTP 422."""


class NotFoundError(Exception):
    """What it is about does not exist: HTTP 404."""


class ConflictError(Exception):
    """Somebody or something else was first; nothing was done: HTTP 409."""
