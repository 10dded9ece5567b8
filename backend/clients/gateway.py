"""The gateway's providers, seen and controlled from outside. What goes wrong is an OperatorError."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from urllib.parse import quote

from pydantic import TypeAdapter

from backend.clients.event_stream import read_events
from backend.clients.json_service import JsonService, WriteGuard, detail_of
from backend.contracts.access import refuse_production
from backend.contracts.control import ControlAudit, ControlConflictError, ControlRequest, ControlResult
from backend.contracts.environment import GATEWAY, Environment
from backend.contracts.errors import OperatorError
from backend.contracts.live import (
    EVENT_PROVIDERS,
    EVENT_TRANSITION,
    BreakerTransition,
    CapabilityList,
    LiveProviders,
    ProviderHistory,
)
from backend.contracts.providers import Capability
from backend.contracts.runs import ExitCode
from backend.http import httpx

_CONTROL_SECONDS = 30.0
"""A probe makes a real call, which may have to wait for its place within the provider's limit."""
_EVENTS: Mapping[str, Callable[[str], LiveProviders | BreakerTransition]] = {
    EVENT_PROVIDERS: LiveProviders.model_validate_json,
    EVENT_TRANSITION: BreakerTransition.model_validate_json,
}


class GatewayClient:
    """Talks to one environment's gateway. Each call has a connection of its own and may run in any thread."""

    def __init__(
        self,
        environment: Environment,
        token: str = "",
        timeout: float = 5.0,
        guard: WriteGuard = refuse_production,
    ) -> None:
        self._calls = JsonService(environment, GATEWAY, token, timeout, _conflict, guard)
        self._url = self._calls.url

    def live(self) -> LiveProviders:
        """All providers as they are now."""
        return self._calls.get("/admin/providers", TypeAdapter(LiveProviders))

    def events(self) -> Iterator[LiveProviders | BreakerTransition]:
        """The live stream; blocks between items. It ends only by OperatorError, or when it is closed."""
        return read_events(self._calls, "/admin/events", _EVENTS)

    def histories(self, minutes: int) -> Mapping[str, ProviderHistory]:
        """The last `minutes` of every provider."""
        return self._calls.get("/admin/history", TypeAdapter(dict[str, ProviderHistory]), minutes=minutes)

    def history(self, provider: str, minutes: int) -> ProviderHistory:
        """The last `minutes` of one provider."""
        path = f"/admin/providers/{quote(provider, safe='')}/history"
        return self._calls.get(path, TypeAdapter(ProviderHistory), minutes=minutes)

    def audit(self, provider: str | None = None, limit: int = 100) -> Sequence[ControlAudit]:
        """What operators did, newest first."""
        query = {"limit": limit} if provider is None else {"limit": limit, "provider": provider}
        return self._calls.get("/admin/circuit-breakers/audit", TypeAdapter(list[ControlAudit]), **query)

    def control(self, provider: str, request: ControlRequest) -> ControlResult:
        """Do something to the breakers of a provider; ControlConflictError when somebody was first."""
        path = f"/admin/circuit-breakers/{quote(provider, safe='')}/control"
        body = request.model_dump(mode="json", exclude_none=True)
        return self._calls.post(path, TypeAdapter(ControlResult), body, _CONTROL_SECONDS)

    def capabilities(self) -> Sequence[Capability]:
        """Which provider gives which field."""
        return self._calls.get("/admin/capabilities", TypeAdapter(CapabilityList)).capabilities


def _conflict(answer: httpx.Response) -> OperatorError | None:
    if answer.status_code != httpx.codes.CONFLICT:
        return None
    return ControlConflictError(detail_of(answer), exit_code=ExitCode.REFUSED)
