"""Providers of a gateway that has no live stream: what its `/health` tells, asked again and again."""

import getpass
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NoReturn

from backend.clients.services import ServiceClient
from backend.contracts.control import ControlAudit, ControlRequest, ControlResult
from backend.contracts.environment import GATEWAY
from backend.contracts.errors import OperatorError
from backend.contracts.gateway import GatewayHealth
from backend.contracts.live import (
    BreakerTransition,
    LiveProviders,
    ProviderHistory,
    ProviderImpact,
    SharedState,
)
from backend.targets.port import Target


class PolledProviders:
    """The providers port without stream, history and control."""

    def __init__(self, target: Callable[[str], Target]) -> None:
        self._target = target

    def live(self, environment: str) -> LiveProviders:
        """All providers as the gateway's `/health` has them."""
        target = self._target(environment)
        with ServiceClient(target.environment, target.admin_token(), timeout=2) as client:
            answer = client.health(GATEWAY)
        if not answer.ok:
            raise OperatorError(
                f"{GATEWAY} does not answer: {answer.sentence()}.",
                "Start the stack; if that does not help, read the gateway's log.",
            )
        health = GatewayHealth.model_validate(answer.body)
        shared = SharedState(kind=health.implementation or "local")
        return LiveProviders(
            at=health.timestamp, release=health.release, providers=health.api_clients, shared=shared
        )

    def events(self, environment: str) -> Iterator[LiveProviders | BreakerTransition]:
        """There is no stream to open."""
        self._refuse(environment)

    def histories(self, environment: str, minutes: int) -> Mapping[str, ProviderHistory]:
        """No history is told."""
        self._refuse(f"{environment} for {minutes} min")

    def history(self, environment: str, provider: str, minutes: int) -> ProviderHistory:
        """No history is told."""
        self._refuse(f"{environment}, {provider} for {minutes} min")

    def impact(self, environment: str, provider: str) -> ProviderImpact:
        """No impact is told."""
        self._refuse(f"{environment}, {provider}")

    def control(self, environment: str, provider: str, request: ControlRequest) -> ControlResult:
        """Nothing can be controlled."""
        self._refuse(f"{environment}, {provider}: {request.action.value}")

    def audit(self, environment: str, provider: str) -> Sequence[ControlAudit]:
        """No audit is told."""
        self._refuse(f"{environment}, {provider}")

    def operator(self) -> str:
        """Who is at the console."""
        return f"{getpass.getuser()}@{socket.gethostname()}"

    def _refuse(self, what: str) -> NoReturn:
        raise OperatorError(f"The gateway of this release cannot be asked for this ({what}).")
