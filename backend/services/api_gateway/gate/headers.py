"""What a provider's headers say about the caller's own budget."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

_LONGEST_RESET = 3_600.0
"""Seconds; a header that names more is not believed, since it would stop all calls."""


class Budget(NamedTuple):
    """A reading; a part is none when the headers do not say it."""

    limit: int | None
    remaining: int | None
    reset_in: float | None
    """Seconds until `remaining` is renewed."""


@dataclass(frozen=True)
class BudgetHeaders:
    """Names of a provider's headers, lower case; empty: there is none.

    Only for a provider that counts each caller by itself. MusicBrainz, for one, sends numbers of its whole
    server, which say nothing about what the caller may do.
    """

    remaining: str
    limit: str = ""
    reset_in: str = ""

    def read(self, headers: Mapping[str, str]) -> Budget:
        """The budget in an answer's headers; what is absent or no number is left out."""
        reset_in = _number(headers, self.reset_in)
        return Budget(
            limit=_number(headers, self.limit) or None,  # 0 calls is no limit but a defect
            remaining=_number(headers, self.remaining),
            reset_in=None if reset_in is None else min(float(reset_in), _LONGEST_RESET),
        )


def _number(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(name, "").strip() if name else ""
    readable = text.isascii() and text.isdecimal() and len(text) <= len("1000000")
    return int(text) if readable else None
