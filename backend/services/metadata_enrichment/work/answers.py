"""What a provider answered through the gateway, in the terms of enrichment."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from backend.contracts.gateway import Outcome, TrackCandidate
from backend.services.metadata_enrichment.waterfall.evidence import MAY_ANSWER_LATER

_ANSWERED = frozenset({Outcome.OK, Outcome.NOT_FOUND})
_HELD_BACK = frozenset({Outcome.THROTTLED, Outcome.QUOTA, Outcome.BREAKER_OPEN, Outcome.CREDENTIAL})


@dataclass(frozen=True)
class Answer:
    """One call to a provider. `operation` is `search` or `track`."""

    provider: str
    operation: str
    outcome: Outcome
    candidates: tuple[TrackCandidate, ...] = ()
    response_id: str | None = None
    latency_ms: float = 0.0
    detail: str = ""
    retry_at: datetime | None = None
    """When the gateway lets such a call through again, if it held this one back and knows."""
    received_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def was_answered(self) -> bool:
        """Whether the provider itself spoke, if only to say that it knows no such track."""
        return self.outcome in _ANSWERED

    @property
    def was_held_back(self) -> bool:
        """Whether a limit, a breaker or missing credentials kept the call from being made."""
        return self.outcome in _HELD_BACK

    @property
    def may_answer_later(self) -> bool:
        """Whether asking again at another time can give a better answer."""
        return self.outcome in MAY_ANSWER_LATER

    @property
    def complaint(self) -> str:
        """What came of a call that was not answered, as an operator reads it."""
        told = f"{self.provider}: {self.outcome.value.replace('_', ' ')}"
        return f"{told} ({self.detail})" if self.detail else told
