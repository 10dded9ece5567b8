"""The golden cases of matching: what was asked for, what providers offered, and what is right."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from backend.contracts.gateway import TrackCandidate
from backend.services.metadata_enrichment.matching.calibration import QueryType
from backend.services.metadata_enrichment.matching.judging import Judgement, Wanted, query_type
from backend.services.metadata_enrichment.matching.selection import Selection, Verdict, select

FILE = Path(__file__).with_name("golden_cases.jsonl")
UNSURE = "unsure"

Expected = str | list[str] | None
"""The id, several ids of one recording, `unsure`, or none where no candidate is the wanted track."""


class GoldenCase(BaseModel):
    """One line of `golden_cases.jsonl`; README.md beside it says how the cases came about."""

    case: int
    shape: str
    wanted: dict[str, Any]
    candidates: list[dict[str, Any]]
    expected: Expected | dict[str, Expected]
    """By provider where several were asked."""
    trap: bool
    """Nothing may be accepted."""
    same: list[str] = []
    """Further candidates that are the same recording, such as on a compilation."""

    def expected_of(self, provider: str) -> Expected:
        """What is right for one provider."""
        return self.expected[provider] if isinstance(self.expected, dict) else self.expected

    def selections(self) -> dict[str, Selection]:
        """What the matcher makes of it."""
        by_provider: dict[str, list[TrackCandidate]] = {}
        for candidate in self.candidates:
            track = TrackCandidate.model_validate({**candidate, "provider_id": candidate["id"]})
            by_provider.setdefault(track.provider, []).append(track)
        return select(Wanted(**self.wanted), by_provider)


@dataclass(frozen=True)
class Decision:
    """What the matcher decided on one provider's candidates, beside what is right."""

    case: GoldenCase
    selection: Selection
    expected: Expected

    @property
    def chosen(self) -> str | None:
        """Id of the accepted candidate."""
        return self.selection.chosen.candidate.provider_id if self.selection.chosen else None

    @property
    def has_match(self) -> bool:
        """Whether one of the candidates is the wanted track."""
        return self.expected not in (None, UNSURE)

    @property
    def is_right(self) -> bool:
        """Whether the accepted candidate is the wanted track."""
        return self.has_match and self.chosen is not None and self.chosen in self._right_ids()

    @property
    def has_right_verdict(self) -> bool:
        """Whether matched, unsure and no match are told apart as the case says."""
        if self.has_match:
            return self.is_right
        right = Verdict.UNSURE if self.expected == UNSURE else Verdict.NO_MATCH
        return self.selection.verdict is right

    def labelled(self) -> Iterator[tuple[Judgement, QueryType, bool]]:
        """The candidates that no gate ruled out, what led to them, and whether each is the wanted recording.

        Gives nothing where the case itself is open: nobody knows which one it is.
        """
        if self.expected == UNSURE:
            return
        right = {*self._right_ids(), *self.case.same}
        for judgement in self.selection.judgements:
            if not judgement.gate:
                query = query_type(Wanted(**self.case.wanted), judgement.candidate)
                yield judgement, query, judgement.candidate.provider_id in right

    def _right_ids(self) -> list[str]:
        if isinstance(self.expected, list):
            return self.expected
        return [self.expected] if self.expected else []


@cache
def decisions() -> tuple[Decision, ...]:
    """All cases, decided."""
    cases = [GoldenCase.model_validate_json(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
    return tuple(
        Decision(case, selection, case.expected_of(provider))
        for case in cases
        for provider, selection in case.selections().items()
    )


def describe(wrong: list[Decision]) -> Mapping[int, str]:
    """The cases, for the text of a failed assertion."""
    return {
        one.case.case: f"{one.case.shape}: {one.case.wanted}, expected {one.expected}, chosen {one.chosen}"
        for one in wrong
    }
