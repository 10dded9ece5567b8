"""The gateway's providers, seen and controlled from outside. What goes wrong is an OperatorError."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

from httpx_sse import SSEError, connect_sse
from pydantic import TypeAdapter, ValidationError

from backend.contracts.control import ControlAudit, ControlConflictError, ControlRequest, ControlResult
from backend.contracts.environment import GATEWAY, Environment
from backend.contracts.errors import OperatorError
from backend.contracts.live import (
    EVENT_PROVIDERS,
    EVENT_TRANSITION,
    BreakerTransition,
    LiveProviders,
    ProviderHistory,
)
from backend.contracts.runs import ExitCode
from backend.http import httpx

SILENCE_SECONDS = 3.0
"""The stream says something at least once a second; silent for this long, it is dead."""
_CONNECT_SECONDS = 2.0
_CONTROL_SECONDS = 30.0
"""A probe makes a real call, which may have to wait for its place within the provider's limit."""
_EVENTS: Mapping[str, type[LiveProviders | BreakerTransition]] = {
    EVENT_PROVIDERS: LiveProviders,
    EVENT_TRANSITION: BreakerTransition,
}
_EXIT_CODES = {401: ExitCode.REFUSED, 404: ExitCode.USAGE, 422: ExitCode.USAGE}

Answer = TypeVar("Answer")


class GatewayClient:
    """Talks to one environment's gateway. Each call has a connection of its own and may run in any thread."""

    def __init__(self, environment: Environment, token: str = "", timeout: float = 5.0) -> None:
        self._url = environment.url(GATEWAY)
        self._token = token
        self._timeout = httpx.Timeout(timeout, connect=min(timeout, _CONNECT_SECONDS))

    def live(self) -> LiveProviders:
        """All providers as they are now."""
        return self._get("/admin/providers", TypeAdapter(LiveProviders))

    def events(self) -> Iterator[LiveProviders | BreakerTransition]:
        """The live stream; blocks between items. It ends only by OperatorError, or when it is closed."""
        timeout = httpx.Timeout(SILENCE_SECONDS, connect=_CONNECT_SECONDS)
        try:
            with (
                httpx.Client(timeout=timeout, trust_env=False) as client,
                connect_sse(client, "GET", f"{self._url}/admin/events") as source,
            ):
                if source.response.status_code != httpx.codes.OK:
                    source.response.read()
                    raise self._refusal(source.response)
                for event in source.iter_sse():
                    if event.event in _EVENTS:
                        yield _EVENTS[event.event].model_validate_json(event.data)
        except httpx.ReadTimeout:
            raise self._broken(f"was silent for {SILENCE_SECONDS:g} s") from None
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise self._unreachable(error) from None
        except SSEError:
            raise OperatorError(
                f"What answers on {self._url} is no live stream.", "Another program has the gateway's port."
            ) from None
        except httpx.HTTPError as error:
            raise self._broken(f"broke off ({type(error).__name__})") from None
        except ValidationError as error:
            raise self._foreign(error) from None
        raise self._broken("was ended by the gateway")

    def histories(self, minutes: int) -> Mapping[str, ProviderHistory]:
        """The last `minutes` of every provider."""
        return self._get("/admin/history", TypeAdapter(dict[str, ProviderHistory]), minutes=minutes)

    def history(self, provider: str, minutes: int) -> ProviderHistory:
        """The last `minutes` of one provider."""
        path = f"/admin/providers/{quote(provider, safe='')}/history"
        return self._get(path, TypeAdapter(ProviderHistory), minutes=minutes)

    def audit(self, provider: str | None = None, limit: int = 100) -> Sequence[ControlAudit]:
        """What operators did, newest first."""
        query = {"limit": limit} if provider is None else {"limit": limit, "provider": provider}
        return self._get("/admin/circuit-breakers/audit", TypeAdapter(list[ControlAudit]), **query)

    def control(self, provider: str, request: ControlRequest) -> ControlResult:
        """Do something to the breakers of a provider; ControlConflictError when somebody was first."""
        path = f"/admin/circuit-breakers/{quote(provider, safe='')}/control"
        body = request.model_dump(mode="json", exclude_none=True)
        answer = self._send("POST", path, json=body, timeout=_CONTROL_SECONDS)
        return self._read(answer, TypeAdapter(ControlResult))

    def _get(self, path: str, kind: TypeAdapter[Answer], **query: Any) -> Answer:
        return self._read(self._send("GET", path, params=query), kind)

    def _send(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        try:
            with httpx.Client(timeout=self._timeout, trust_env=False, headers=headers) as client:
                return client.request(method, self._url + path, **arguments)
        except httpx.HTTPError as error:
            raise self._unreachable(error) from None

    def _read(self, answer: httpx.Response, kind: TypeAdapter[Answer]) -> Answer:
        if answer.status_code != httpx.codes.OK:
            raise self._refusal(answer)
        try:
            return kind.validate_json(answer.content)
        except ValidationError as error:
            raise self._foreign(error) from None

    def _refusal(self, answer: httpx.Response) -> OperatorError:
        detail = _detail(answer)
        if answer.status_code == httpx.codes.CONFLICT:
            return ControlConflictError(detail, exit_code=ExitCode.REFUSED)
        if answer.status_code == httpx.codes.NOT_FOUND and detail == "Not Found":
            return OperatorError(
                f"The gateway on {self._url} is of a release that cannot be asked for this.",
                "Deploy the present release: main.py deploy",
            )
        code = _EXIT_CODES.get(answer.status_code, ExitCode.FAILED)
        return OperatorError(
            detail or f"The gateway answered with HTTP {answer.status_code}.", exit_code=code
        )

    def _unreachable(self, error: Exception) -> OperatorError:
        cause = "nothing listens there" if isinstance(error, httpx.ConnectError) else type(error).__name__
        if isinstance(error, httpx.TimeoutException):
            cause = "no answer in time"
        return OperatorError(
            f"{GATEWAY} does not answer on {self._url}: {cause}.",
            "See what runs: main.py status. Start the stack: main.py up",
        )

    def _broken(self, what: str) -> OperatorError:
        return OperatorError(f"The live stream of {GATEWAY} on {self._url} {what}.", "It is tried again.")

    def _foreign(self, error: ValidationError) -> OperatorError:
        problem = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, problem["loc"])) or "the answer"
        return OperatorError(
            f"What answers on {self._url} is not understood ({place}: {problem['msg']}).",
            "Console and gateway are of different releases, or another program has the port.",
        )


def _detail(answer: httpx.Response) -> str:
    """What the gateway says went wrong; a refused body is a list of problems."""
    try:
        detail = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        return ""
    if isinstance(detail, list):
        return "; ".join(f"{problem['loc'][-1]}: {problem['msg']}" for problem in detail)
    return str(detail)
