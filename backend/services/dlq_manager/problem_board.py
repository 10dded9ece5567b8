"""What threatens the letters now, as the parts of the manager tell it; the meter shows it to operators."""

from dataclasses import dataclass

from backend.contracts.dead_letter_views import ProblemKind


@dataclass(frozen=True)
class Problem:
    """A sentence for an operator, and what it is about."""

    kind: ProblemKind
    text: str


class ProblemBoard:
    """Problems that last, each under the name of whoever tells it: told again, it is replaced."""

    def __init__(self) -> None:
        self._told: dict[str, Problem] = {}

    def tell(self, source: str, kind: ProblemKind, text: str) -> None:
        """This is so, until it is cleared."""
        self._told[source] = Problem(kind, text)

    def clear(self, source: str) -> None:
        """It is so no more; nothing to do when it was not told."""
        self._told.pop(source, None)

    def problems(self) -> list[Problem]:
        """In the order of their sources."""
        return [problem for _, problem in sorted(self._told.items())]
