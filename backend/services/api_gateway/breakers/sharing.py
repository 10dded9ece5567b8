"""The port through which the replicas of the gateway share their breakers, and the adapter of a lone one."""

from collections.abc import Sequence
from typing import Protocol

from backend.contracts.control import ControlAction
from backend.contracts.live import SharedState
from backend.services.api_gateway.breakers.breaker import Breaker
from backend.services.api_gateway.breakers.model import Override, Permit, Rejection, Verdict


class Sharing(Protocol):
    """Decides for the breakers of one provider. It never waits long, and never fails for want of others."""

    async def probe(self, breaker: Breaker) -> Permit | Rejection:
        """Leave for a call that `quick` could not answer for."""

    async def decide(self, breaker: Breaker, permit: Permit, verdict: Verdict) -> None:
        """Decide on a result that `note` has called for a decision on."""

    async def control(
        self, breakers: Sequence[Breaker], action: ControlAction, override: Override
    ) -> list[str]:
        """Do what an operator asks to all `breakers` or to none; the endpoints where it changed something.

        EpochConflictError when one has changed elsewhere; its new state is known here then.
        """

    async def refresh(self, breakers: Sequence[Breaker]) -> None:
        """Exchange with the other replicas what has become known since."""

    def state(self) -> SharedState:
        """Where breakers are kept, and whether that works."""


class LocalSharing:
    """Shares with nobody: this process decides alone."""

    def __init__(self, replica: str = "") -> None:
        self._replica = replica

    async def probe(self, breaker: Breaker) -> Permit | Rejection:
        """Decided here."""
        return breaker.probe()

    async def decide(self, breaker: Breaker, permit: Permit, verdict: Verdict) -> None:
        """Decided here."""
        breaker.decide(permit, verdict)

    async def control(
        self, breakers: Sequence[Breaker], action: ControlAction, override: Override
    ) -> list[str]:
        """Done here; nobody else can have been first."""
        return [breaker.endpoint for breaker in breakers if breaker.control(action, override)]

    async def refresh(self, breakers: Sequence[Breaker]) -> None:
        """Let end what has run out."""
        for breaker in breakers:
            breaker.settle()

    def state(self) -> SharedState:
        """Kept in this process."""
        return SharedState(kind="local", replicas=1, replica=self._replica)
