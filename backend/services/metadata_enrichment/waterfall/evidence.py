"""What the sources had for one track: all that a waterfall decides on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from backend.contracts.gateway import Outcome

MATCHED = "matched"
NO_ANSWER = "no_answer"
MAY_ANSWER_LATER = frozenset(
    {
        Outcome.THROTTLED,
        Outcome.QUOTA,
        Outcome.BREAKER_OPEN,
        Outcome.FAILURE,
        Outcome.CONTRACT,
        Outcome.EMPTY_SUSPECT,
    }
)
"""Outcomes of a call that can be another one at another time."""
UNANSWERED = frozenset(Outcome) - {Outcome.OK, Outcome.NOT_FOUND}
"""Outcomes of a call that say nothing about what the provider has."""


@dataclass(frozen=True, slots=True)
class SourceEvidence:
    """What one source had for one track; a row of `source_evidence`.

    The values are those of every field that exists, whether or not a waterfall names it, so that any
    waterfall can be walked over the same evidence again.
    """

    provider: str
    outcome: str
    """The gateway's outcome of the call that counts: the search, or the look-up behind it if that failed."""
    verdict: str
    """`matched`, `no_match`, `unsure`, or `no_answer` when there was nothing to judge."""
    match_probability: float | None = None
    """That the track found is the wanted one; none unless matched."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """The valid values by field."""
    invalid: Mapping[str, str] = field(default_factory=dict)
    """Why a value was refused, by field."""
    lookup_fields: frozenset[str] = frozenset()
    """Fields that came from the provider's record of the track, or would have, had the look-up succeeded."""
    unasked_fields: frozenset[str] = frozenset()
    """Fields that the search did not give and a look-up may, which was not made."""
    detail: str = ""
    calls: int = 1
    """Calls made to it through the gateway."""
    response_id: str | None = None
    """Row of `raw_api_responses` with the bytes of the search, or of the look-up if there was no search."""
    lookup_response_id: str | None = None
    """The same of the look-up behind a search."""
    received_at: datetime | None = None

    @property
    def may_answer_later(self) -> bool:
        """Whether asking again at another time can bring more."""
        return self.outcome in MAY_ANSWER_LATER

    def response_of(self, name: str) -> str | None:
        """The row of `raw_api_responses` that the value of a field came with."""
        return self.lookup_response_id if name in self.lookup_fields else self.response_id
