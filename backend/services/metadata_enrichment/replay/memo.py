"""Keeps what was computed of columns, for as long as these do not change."""

from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")
MOST = 128
"""Enough for every field of two configurations; the rest are drags that may be taken back."""


class Memo:
    """The results used last. A key names what was computed and the revisions of the columns it is of."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._results: OrderedDict[object, object] = OrderedDict()

    def of(self, key: object, compute: Callable[[], Result]) -> Result:
        """The result kept under the key, else a new one."""
        if key in self._results:
            self._results.move_to_end(key)
            return self._results[key]  # type: ignore[return-value]  # a key is used for one kind of result
        result = compute()
        self._results[key] = result
        if len(self._results) > self._most:
            self._results.popitem(last=False)
        return result
