"""The circuit breakers of one provider: one for each kind of call, and one above them for its host."""

import random
from asyncio import CancelledError
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from backend.contracts.control import ControlRequest
from backend.contracts.live import SharedState
from backend.contracts.providers import (
    HOST,
    BreakerControl,
    BreakerState,
    BreakerStatus,
    ControlStatus,
    EndpointClass,
)
from backend.services.api_gateway.breakers.breaker import Breaker
from backend.services.api_gateway.breakers.model import (
    BreakerSettings,
    Clock,
    EpochConflictError,
    Override,
    Permit,
    Rejection,
    Transition,
    Verdict,
)
from backend.services.api_gateway.breakers.sharing import LocalSharing, Sharing
from backend.services.api_gateway.breakers.status import status_of, worst

_NEUTRAL, _UNREACHABLE = Verdict.NEUTRAL, Verdict.UNREACHABLE
_SAME_MOMENT = 1.0
"""Seconds between an operator's order and its being carried out, as two clocks may have it."""
_ALWAYS_SHOWN = {HOST, EndpointClass.SEARCH, EndpointClass.LOOKUP}


@dataclass(frozen=True, slots=True, eq=False)
class Admission:
    """Leave of both breakers to make one call; hand it back with `BreakerBoard.report`."""

    breaker: Breaker
    permit: Permit
    host_permit: Permit


class BreakerBoard:
    """`admit` before a call, `report` after it; status and control for operators.

    The breaker of the host opens on failures to connect only, and then refuses every kind of call. All times
    that come out are moments in UTC.
    """

    def __init__(
        self,
        provider: str,
        settings: BreakerSettings,
        clock: Clock,
        on_transition: Callable[[Transition], None],
        sharing: Sharing | None = None,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self.provider = provider
        self._clock = clock
        self._on_transition = on_transition
        self._sharing = sharing or LocalSharing()
        self._breakers = {
            endpoint: Breaker(endpoint.value, settings, clock, self._changed, draw)
            for endpoint in EndpointClass
        }
        host_settings, parts = replace(settings, connect_only=True), tuple(self._breakers.values())
        self._host = Breaker(HOST, host_settings, clock, self._host_changed, draw, parts)
        self._standing: dict[EndpointClass, Admission] = {}

    async def admit(self, endpoint: EndpointClass) -> Admission | Rejection:
        """Leave for one call, or why not. Waits only when replicas have to agree on a probe."""
        standing = self._standing.get(endpoint)
        return standing if standing is not None else await self._admit(self._breakers[endpoint])

    def refusal(self, endpoint: EndpointClass) -> Rejection | None:
        """Why a call would certainly be refused now, so that it need not queue for its place first."""
        if endpoint in self._standing:
            return None
        answer = self._breakers[endpoint].quick()
        if isinstance(answer, Rejection):
            return answer
        answer = self._host.quick()
        return answer if isinstance(answer, Rejection) else None

    async def report(
        self, admission: Admission, verdict: Verdict, seconds: float, ended: float | None = None
    ) -> None:
        """Take the result of an admitted call that took `seconds`.

        `ended`: the time by the breaker's clock, from a caller who has read it already.
        """
        breaker, permit, host = admission.breaker, admission.permit, self._host
        if verdict is _UNREACHABLE or host.unreachable or admission.host_permit.lease is not None:
            before = host.standing
            await self._report_to_host(admission.host_permit, verdict)
            if verdict is _UNREACHABLE and host.standing is not before:
                verdict = _NEUTRAL  # the host's outage, and no longer this endpoint's
        if breaker.note(permit, verdict, seconds, ended):
            await self._sharing.decide(breaker, permit, verdict)

    def status(self) -> BreakerStatus:
        """The worst of the breakers. Its epoch is that of the provider: it counts the changes of all."""
        chosen = worst(self.statuses().values())
        return chosen.model_copy(update={"epoch": self.epoch})

    def statuses(self) -> dict[str, BreakerStatus]:
        """Every breaker in use, by endpoint class or `host`; host, search and look-up always."""
        now = self._clock()
        return {breaker.endpoint: status_of(breaker, now) for breaker in self._shown()}

    @property
    def state(self) -> BreakerState:
        """What calls meet: the worst state, breakers in shadow left aside."""
        refusing = {breaker.record.state for breaker in self._shown() if breaker.record.refuses}
        for state in (BreakerState.OPEN, BreakerState.HALF_OPEN):
            if state in refusing:
                return state
        return BreakerState.CLOSED

    @property
    def epoch(self) -> int:
        """Counts the changes of all the provider's breakers; what a control request expects."""
        return sum(breaker.shared_record.epoch for breaker in self.breakers())

    def breakers(self) -> Sequence[Breaker]:
        """All breakers, the host's last."""
        return (*self._breakers.values(), self._host)

    def shared_state(self) -> SharedState:
        """Where the breakers are kept, and whether that works; the same for all providers."""
        return self._sharing.state()

    async def refresh(self) -> None:
        """Exchange news with the other replicas, and let end what has run out. Once a second will do."""
        await self._sharing.refresh(self.breakers())

    async def control(self, request: ControlRequest) -> list[str]:
        """Do what an operator asks, on all replicas; the endpoints where it changed something.

        EpochConflictError when the provider's epoch is not the expected one; ValueError for an endpoint that
        does not exist. While Redis is away it is done here, and the other replicas follow when it is back.
        """
        chosen = [self.breaker(request.endpoint)] if request.endpoint else self.breakers()
        expected = request.expected_epoch
        if expected is not None and expected != self.epoch:
            await self.refresh()  # perhaps the operator has it from a replica that knew first
            if expected != self.epoch:
                raise EpochConflictError(self.epoch)
        now = self._clock()
        override = Override(
            author=request.author, reason=request.reason, since=now, until=now + 60.0 * request.minutes
        )
        while True:
            try:
                return await self._sharing.control(chosen, request.action, override)
            except EpochConflictError:
                if expected is not None:
                    raise EpochConflictError(self.epoch) from None

    def restore_control(self, endpoint: str, control: ControlStatus, epoch: int) -> None:
        """Take over what an operator had made of a breaker, from the database at the start.

        It may come before or after the first exchange with Redis: the later control wins, and what Redis has
        forgotten it learns from here. One whose time is over is left alone. Nobody is told of it.
        """
        self._standing.clear()
        self.breaker(endpoint).restore(_override_of(control, self._clock()), epoch)

    def follows_a_reset(self, change: Transition) -> bool:
        """Whether `change` is an operator's closing of the host's breaker, so of all, elsewhere."""
        record, override = self._host.shared_record, self._host.shared_record.override
        by_hand = override.control is BreakerControl.AUTOMATIC and bool(override.author)
        if not (by_hand and change.adopted and change.endpoint == HOST and override.since is not None):
            return False
        closed = change.to_state is BreakerState.CLOSED
        return closed and abs(record.since - override.since) <= _SAME_MOMENT  # else it closed by itself since

    def breaker(self, endpoint: str) -> Breaker:
        """The breaker of an endpoint class, or of `host`; ValueError when there is none of that name."""
        return self._host if endpoint == HOST else self._breakers[EndpointClass(endpoint)]

    def _shown(self) -> list[Breaker]:
        return [one for one in self.breakers() if one.in_use or one.endpoint in _ALWAYS_SHOWN]

    async def _admit(self, breaker: Breaker) -> Admission | Rejection:
        host_permit = self._host.quick() or await self._sharing.probe(self._host)
        if isinstance(host_permit, Rejection):
            return host_permit
        try:
            permit = breaker.quick() or await self._sharing.probe(breaker)
        except CancelledError:
            await self._report_to_host(host_permit, _NEUTRAL)
            raise
        if isinstance(permit, Rejection):
            await self._report_to_host(host_permit, _NEUTRAL)
            return permit
        admission = Admission(breaker, permit, host_permit)
        if permit is breaker.standing and host_permit is self._host.standing:
            self._standing[EndpointClass(breaker.endpoint)] = admission
        return admission

    async def _report_to_host(self, permit: Permit, verdict: Verdict) -> None:
        reached = Verdict.SUCCESS if verdict is Verdict.FAILURE else verdict
        if self._host.note(permit, reached, 0.0):
            await self._sharing.decide(self._host, permit, reached)

    def _changed(self, change: Transition) -> None:
        self._standing.clear()
        self._on_transition(change)

    def _host_changed(self, change: Transition) -> None:
        if change.to_state is not change.from_state and change.to_state is not BreakerState.HALF_OPEN:
            # What failed because of the host says nothing about its endpoints.
            for breaker in self._breakers.values():
                breaker.forget_calls()
        self._changed(change)


def _override_of(control: ControlStatus, now: float) -> Override:
    """The operator's control in the breaker's own time."""

    def moment(value: datetime | None) -> float | None:
        return None if value is None else now + (value - datetime.now(UTC)).total_seconds()

    return Override(
        control.control, control.author, control.reason, moment(control.since), moment(control.until)
    )
