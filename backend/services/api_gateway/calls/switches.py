"""Kinds of calls that a provider has closed to us: not made again until the daily trial."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from backend.contracts.gateway import Outcome
from backend.contracts.providers import EndpointClass
from backend.services.api_gateway.providers.adapter import Reply

TRIAL_SECONDS = 24 * 3600.0
OTHERS_SECONDS = 3600.0
"""How long ago another kind of call may have been answered to show that only this one is closed."""
REFUSALS = 3
"""Refusals in a row that close a kind of call also when no other kind shows anything."""
_USABLE = frozenset({Outcome.OK, Outcome.NOT_FOUND, Outcome.EMPTY_SUSPECT})


@dataclass(frozen=True)
class SwitchedOff:
    """Since when a kind of call is off, and what the provider said."""

    since: datetime
    detail: str


class CapabilitySwitches:
    """One switch for each kind of call of a provider. A closed endpoint is no failure: no breaker opens."""

    def __init__(self, provider: str, clock: Callable[[], float]) -> None:
        self._provider = provider
        self._clock = clock
        self._off: dict[EndpointClass, SwitchedOff] = {}
        self._trials: dict[EndpointClass, float] = {}
        self._answered: dict[EndpointClass, float] = {}
        self._refused: dict[EndpointClass, int] = {}

    @property
    def off(self) -> Mapping[EndpointClass, SwitchedOff]:
        """The kinds of calls that are not made now."""
        return self._off

    def refusal(self, kind: EndpointClass) -> Reply | None:
        """Why a call is not to be made; none when it may be. Of several callers one makes the daily trial."""
        if kind not in self._off:
            return None
        left = self._trials[kind] - self._clock()
        if left <= 0:
            self._trials[kind] = self._clock() + TRIAL_SECONDS
            return None
        off = self._off[kind]
        detail = (
            f"{self._provider} has closed its {kind} calls ({off.detail}); they are off since "
            f"{off.since:%Y-%m-%d %H:%M} UTC and tried once a day. A reset of its breaker tries at once"
        )
        retry_at = datetime.now(UTC) + timedelta(seconds=left)
        return Reply(Outcome.CAPABILITY_GONE, retry_at=retry_at, detail=detail)

    def note(self, kind: EndpointClass, reply: Reply) -> None:
        """Learn from a call that was made. One refusal alone closes nothing: it may be about that call."""
        if reply.outcome is Outcome.CAPABILITY_GONE:
            self._refused[kind] = self._refused.get(kind, 0) + 1
            if kind in self._off or self._is_closed(kind):
                self._off.setdefault(kind, SwitchedOff(datetime.now(UTC), reply.detail))
                self._trials[kind] = self._clock() + TRIAL_SECONDS
        elif reply.outcome in _USABLE:
            self._answered[kind] = self._clock()
            self._refused.pop(kind, None)
            self._off.pop(kind, None)

    def _is_closed(self, kind: EndpointClass) -> bool:
        if self._refused[kind] >= REFUSALS:
            return True
        oldest = self._clock() - OTHERS_SECONDS
        return any(other is not kind and moment >= oldest for other, moment in self._answered.items())

    def restore(self) -> None:
        """An operator says that everything may be called again."""
        self._off.clear()
        self._refused.clear()
