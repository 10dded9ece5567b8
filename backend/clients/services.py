"""Calls to the three services, with answers that tell what came back instead of raising."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backend.contracts.enrichment import EnrichRequest
from backend.contracts.environment import DLQ_MANAGER, ENRICHMENT, GATEWAY, Environment
from backend.http import httpx


@dataclass(frozen=True)
class Answer:
    """An HTTP answer, or that there was none (`status` 0, `error` says why)."""

    status: int
    body: Any
    milliseconds: float
    error: str = ""

    @property
    def ok(self) -> bool:
        """Whether the service answered with 200."""
        return self.status == httpx.codes.OK

    def value(self, key: str) -> Any:
        """A top-level value of the body; None when it is not there."""
        return self.body.get(key) if isinstance(self.body, Mapping) else None

    def sentence(self) -> str:
        """The answer in a few words."""
        return self.error or f"{self.status} in {self.milliseconds:.0f} ms"


class ServiceClient:
    """Talks to one environment's services. Use as a context manager."""

    def __init__(self, environment: Environment, token: str = "", timeout: float = 5.0) -> None:
        self._environment = environment
        self._token = token
        self._timeout = timeout
        self._client: httpx.Client | None = None

    def __enter__(self) -> "ServiceClient":
        self._client = httpx.Client(timeout=self._timeout, trust_env=False)
        return self

    def __exit__(self, *_: object) -> None:
        if self._client is not None:
            self._client.close()

    def get(self, service: str, path: str, *, authorised: bool = False) -> Answer:
        """GET a path of a service."""
        return self._call("GET", service, path, None, authorised=authorised)

    def post(
        self, service: str, path: str, body: Any, *, authorised: bool = False, timeout: float | None = None
    ) -> Answer:
        """POST JSON to a path of a service; `timeout` in seconds, none for the client's own."""
        return self._call("POST", service, path, body, authorised=authorised, timeout=timeout)

    def health(self, service: str, release: str = "") -> Answer:
        """The service's `/health`.

        An answer counts only when it names this service and, if one is given, this release: on a port that
        somebody else took, a 200 proves nothing. Any other answer is given as an error.
        """
        answer = self.get(service, "/health")
        stranger = _stranger(answer, service, release)
        if not stranger:
            return answer
        port = self._environment.port(service)
        return Answer(0, None, answer.milliseconds, f"another program answers on port {port} ({stranger})")

    def waterfall(self) -> Answer:
        """The enrichment service's `/admin/config`."""
        return self.get(ENRICHMENT, "/admin/config")

    def dead_letter_stats(self) -> Answer:
        """The DLQ manager's `/dlq/stats`."""
        return self.get(DLQ_MANAGER, "/dlq/stats")

    def dead_letter_meter(self) -> Answer:
        """The DLQ manager's `/dlq/meter`."""
        return self.get(DLQ_MANAGER, "/dlq/meter", authorised=True)

    def search(self, provider: str, artist: str, title: str) -> Answer:
        """A search through the gateway."""
        body = {"artist_name": artist, "track_title": title}
        return self.post(GATEWAY, f"/api/{provider}/search", body, timeout=30)

    def enrich(self, request: EnrichRequest) -> Answer:
        """`POST /enrich`; may take as long as the providers' limits make it."""
        return self.post(ENRICHMENT, "/enrich", request.model_dump(exclude_none=True), timeout=60)

    def _call(
        self,
        method: str,
        service: str,
        path: str,
        body: Any,
        *,
        authorised: bool,
        timeout: float | None = None,
    ) -> Answer:
        if self._client is None:
            raise RuntimeError("ServiceClient is used outside its `with` block")
        headers = {"Authorization": f"Bearer {self._token}"} if authorised else {}
        url = self._environment.url(service) + path
        started = time.monotonic()
        try:
            response = self._client.request(
                method, url, json=body, headers=headers, timeout=timeout or self._timeout
            )
        except httpx.HTTPError as error:
            return Answer(0, None, (time.monotonic() - started) * 1000, _explain(error, url))
        return Answer(response.status_code, _body(response), (time.monotonic() - started) * 1000)


def _stranger(answer: Answer, service: str, release: str) -> str:
    """Who answered in place of the service; empty when it was the service, or nobody can tell."""
    if answer.error:
        return ""
    name, runs = answer.value("service"), answer.value("release")
    if name is None and answer.status >= httpx.codes.INTERNAL_SERVER_ERROR:
        return ""  # the service's own failure may have kept it from saying who it is
    if name != service:
        return f"it says service {name}" if name else "it does not say which service it is"
    if release and runs != release:
        return f"{service} of release {runs} instead of {release}"
    return ""


def _body(response: httpx.Response) -> Any:
    if "json" in response.headers.get("content-type", ""):
        try:
            return response.json()
        except ValueError:
            return response.text
    return response.text


def _explain(error: httpx.HTTPError, url: str) -> str:
    if isinstance(error, httpx.ConnectError):
        return f"nothing listens on {url}"
    if isinstance(error, httpx.TimeoutException):
        return f"no answer in time from {url}"
    return f"{type(error).__name__} from {url}"
