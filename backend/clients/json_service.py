"""Typed calls to one service. What goes wrong is an OperatorError that says what to do."""

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from backend.contracts.access import refuse_production
from backend.contracts.environment import Environment
from backend.contracts.errors import OperatorError
from backend.contracts.runs import ExitCode
from backend.http import httpx

CONNECT_SECONDS = 2.0
_EXIT_CODES = {401: ExitCode.REFUSED, 404: ExitCode.USAGE, 422: ExitCode.USAGE}

Answer = TypeVar("Answer")

WriteGuard = Callable[[Environment], None]
"""Raises ReadOnlyError when nothing may be changed in the environment now."""


class JsonService:
    """One environment's service. Each call has a connection of its own and may run in any thread."""

    def __init__(
        self,
        environment: Environment,
        service: str,
        token: str = "",
        timeout: float = 5.0,
        refusals: Callable[[httpx.Response], OperatorError | None] | None = None,
        guard: WriteGuard = refuse_production,
    ) -> None:
        """`refusals` may turn an answer that is no success into an error of its own kind.

        `guard` is asked before everything that changes something; without one, production is read-only.
        """
        self.service = service
        self.url = environment.url(service)
        self._environment = environment
        self._guard = guard
        self._token = token
        self._timeout = timeout
        self._refusals = refusals

    def get(self, path: str, kind: TypeAdapter[Answer], timeout: float | None = None, **query: Any) -> Answer:
        """GET a path; `query` without the parameters that are None; `timeout` as in `post`."""
        asked = {name: value for name, value in query.items() if value is not None}
        return self._read(self._send("GET", path, timeout, params=asked), kind)

    def post(
        self,
        path: str,
        kind: TypeAdapter[Answer],
        body: object = None,
        timeout: float | None = None,
        *,
        changes: bool = True,
    ) -> Answer:
        """POST JSON to a path; `timeout` in seconds, none for the client's own.

        A question that needs a body `changes` nothing and is asked of a read-only environment too.
        """
        if changes:
            self._guard(self._environment)
        return self._read(self._send("POST", path, timeout, json=body), kind)

    def put(self, path: str, kind: TypeAdapter[Answer], body: object) -> Answer:
        """PUT JSON to a path."""
        self._guard(self._environment)
        return self._read(self._send("PUT", path, None, json=body), kind)

    def download(self, path: str, body: object, timeout: float) -> httpx.Response:
        """POST JSON to a path whose answer is a file."""
        answer = self._send("POST", path, timeout, json=body)
        if not answer.is_success:
            raise self.refusal(answer)
        return answer

    @property
    def headers(self) -> dict[str, str]:
        """What every call carries."""
        return {"Authorization": f"Bearer {self._token}"} if self._token else {}

    def unreachable(self, error: Exception) -> OperatorError:
        """The service does not answer."""
        cause = "nothing listens there" if isinstance(error, httpx.ConnectError) else type(error).__name__
        if isinstance(error, httpx.TimeoutException):
            cause = "no answer in time"
        return OperatorError(
            f"{self.service} does not answer on {self.url}: {cause}.",
            "See what runs: main.py status. Start the stack: main.py up",
        )

    def refusal(self, answer: httpx.Response) -> OperatorError:
        """The service answered, but did not do it."""
        own = self._refusals(answer) if self._refusals else None
        if own is not None:
            return own
        told = detail_of(answer)
        if answer.status_code == httpx.codes.NOT_FOUND and told == "Not Found":
            return OperatorError(
                f"{self.service} on {self.url} is of a release that cannot be asked for this.",
                "Deploy the present release: main.py deploy",
            )
        code = _EXIT_CODES.get(answer.status_code, ExitCode.FAILED)
        return OperatorError(
            told or f"{self.service} answered with HTTP {answer.status_code}.", exit_code=code
        )

    def foreign(self, error: ValidationError) -> OperatorError:
        """The answer is not of the agreed form."""
        problem = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, problem["loc"])) or "the answer"
        return OperatorError(
            f"What answers on {self.url} is not understood ({place}: {problem['msg']}).",
            f"Console and {self.service} are of different releases, or another program has the port.",
        )

    def _send(self, method: str, path: str, timeout: float | None, **arguments: Any) -> httpx.Response:
        seconds = self._timeout if timeout is None else timeout
        patience = httpx.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))
        try:
            with httpx.Client(timeout=patience, trust_env=False, headers=self.headers) as client:
                return client.request(method, self.url + path, **arguments)
        except httpx.HTTPError as error:
            raise self.unreachable(error) from None

    def _read(self, answer: httpx.Response, kind: TypeAdapter[Answer]) -> Answer:
        if not answer.is_success:
            raise self.refusal(answer)
        try:
            return kind.validate_json(answer.content)
        except ValidationError as error:
            raise self.foreign(error) from None


def detail_of(answer: httpx.Response) -> str:
    """What a service says went wrong; a refused body is a list of problems."""
    try:
        detail = answer.json()["detail"]
        if isinstance(detail, list):
            return "; ".join(f"{problem['loc'][-1]}: {problem['msg']}" for problem in detail)
    except (ValueError, KeyError, TypeError, IndexError):
        return ""
    return str(detail)
