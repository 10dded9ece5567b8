"""Whether letters may be sent while a provider's circuit breaker is open: they would only come back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from backend.contracts.providers import BreakerState, ProviderStatus
from backend.services.dlq_manager.operation_sending import Member


@dataclass(frozen=True)
class Held:
    """Why an operation stops, and which provider it is about; none: all of them."""

    provider: str | None
    reason: str


def held_by_breaker(
    members: Sequence[Member], statuses: Mapping[str, ProviderStatus], resumed: datetime | None
) -> Held | None:
    """What keeps the next letters back: an open breaker of a provider that is to blame for one of them.

    Letters that no provider alone is to blame for are kept back when all breakers are open. An opening from
    before an operator's `resume` counts no more: somebody decided to go on.
    """
    opened = {name: status for name, status in statuses.items() if _is_open(status, resumed)}
    for member in members:
        if member.provider in opened:
            told = opened[member.provider].circuit_breaker.reason.rstrip(".")
            why = f": {told}" if told else ""
            text = f"The circuit breaker of {member.provider} is open{why}."
            return Held(member.provider, text)
    if statuses and len(opened) == len(statuses) and any(member.provider is None for member in members):
        return Held(None, "The circuit breakers of all providers are open.")
    return None


def _is_open(status: ProviderStatus, resumed: datetime | None) -> bool:
    breaker = status.circuit_breaker
    return breaker.state is BreakerState.OPEN and (resumed is None or breaker.since > resumed)
