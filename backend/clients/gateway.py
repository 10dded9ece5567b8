"""The gateway's providers, seen and controlled from outside. What goes wrong is an OperatorError."""

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote

from httpx_sse import SSEError, connect_sse
from pydantic import TypeAdapter, ValidationError

from backend.clients.json_service import CONNECT_SECONDS, JsonService, detail_of
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

SILENCE_SECONDS = 3.0
"""The stream says something at least once a second; silent for this long, it is dead."""
_CONTROL_SECONDS = 30.0
"""A probe makes a real call, which may have to wait for its place within the provider's limit."""
_EVENTS: Mapping[str, type[LiveProviders | BreakerTransition]] = {
    EVENT_PROVIDERS: LiveProviders,
    EVENT_TRANSITION: BreakerTransition,
}


class GatewayClient:
    """Talks to one environment's gateway. Each call has a connection of its own and may run in any thread."""

    def __init__(self, environment: Environment, token: str = "", timeout: float = 5.0) -> None:
        self._calls = JsonService(environment, GATEWAY, token, timeout, _conflict)
        self._url = self._calls.url

    def live(self) -> LiveProviders:
        """All providers as they are now."""
        return self._calls.get("/admin/providers", TypeAdapter(LiveProviders))

    def events(self) -> Iterator[LiveProviders | BreakerTransition]:
        """The live stream; blocks between items. It ends only by OperatorError, or when it is closed."""
        timeout = httpx.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS)
        try:
            with (
                httpx.Client(timeout=timeout, trust_env=False) as client,
                connect_sse(client, "GET", f"{self._url}/admin/events") as source,
            ):
                if source.response.status_code != httpx.codes.OK:
                    source.response.read()
                    raise self._calls.refusal(source.response)
                for event in source.iter_sse():
                    if event.event in _EVENTS:
                        yield _EVENTS[event.event].model_validate_json(event.data)
        except httpx.ReadTimeout:
            raise self._broken(f"was silent for {SILENCE_SECONDS:g} s") from None
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise self._calls.unreachable(error) from None
        except SSEError:
            raise OperatorError(
                f"What answers on {self._url} is no live stream.", "Another program has the gateway's port."
            ) from None
        except httpx.HTTPError as error:
            raise self._broken(f"broke off ({type(error).__name__})") from None
        except ValidationError as error:
            raise self._calls.foreign(error) from None
        raise self._broken("was ended by the gateway")

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

    def _broken(self, what: str) -> OperatorError:
        return OperatorError(f"The live stream of {GATEWAY} on {self._url} {what}.", "It is tried again.")


def _conflict(answer: httpx.Response) -> OperatorError | None:
    if answer.status_code != httpx.codes.CONFLICT:
        return None
    return ControlConflictError(detail_of(answer), exit_code=ExitCode.REFUSED)
