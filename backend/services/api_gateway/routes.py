"""The gateway's HTTP endpoints."""

from datetime import UTC, datetime
from math import ceil
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from pydantic import ValidationError
from starlette.responses import Response
from starlette.routing import Route

from backend.contracts.gateway import (
    LANE_HEADER,
    GatewayHealth,
    Lane,
    Outcome,
    SearchRequest,
    SearchResponse,
    TrackResponse,
)
from backend.services.api_gateway.gateway import SERVICE, VERSION, Gateway

LARGEST_BODY = 64 * 1024
_INTERACTIVE_PRIORITY = 7
_HTTP_STATUS = {
    Outcome.OK: 200,
    Outcome.NOT_FOUND: 200,
    Outcome.EMPTY_SUSPECT: 200,
    Outcome.THROTTLED: 429,
    Outcome.QUOTA: 429,
    Outcome.BREAKER_OPEN: 503,
    Outcome.CAPABILITY_GONE: 410,
    Outcome.BAD_REQUEST: 400,
}
_SEARCH_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": SearchRequest.model_json_schema()}},
    }
}


def api_router(gateway: Gateway) -> APIRouter:
    """Search and look-up."""
    router = APIRouter(prefix="/api", tags=["providers"])

    @router.post("/{provider}/search", response_model=SearchResponse, openapi_extra=_SEARCH_BODY)
    async def search(request: Request, provider: str) -> Response:
        return await _search(gateway, request, provider)

    @router.get("/spotify/audio-features/{track_id}")
    async def audio_features(track_id: str) -> Response:
        raise HTTPException(
            410,
            "Spotify closed its audio features to applications on 2024-11-27, so there are none for "
            f"{track_id[:40]}. Deezer's track look-up has the tempo.",
        )

    @router.get("/{provider}/track/{track_id:path}", response_model=TrackResponse)
    async def track(request: Request, provider: str, track_id: str) -> Response:
        found = gateway.provider(provider)
        answer = await found.track(track_id, _correlation_id(request), lane_of(request))
        if answer.outcome is Outcome.NOT_FOUND:
            return respond(answer, status=404)
        return respond(answer)

    return router


def search_route(gateway: Gateway) -> Route:
    """The search of `api_router` without what FastAPI does around it, for the calls that come most often.

    It goes before that router, which documents it.
    """

    async def search(request: Request) -> Response:
        return await _search(gateway, request, request.path_params["provider"])

    return Route("/api/{provider}/search", search, methods=["POST"])


async def _search(gateway: Gateway, request: Request, provider: str) -> Response:
    found = gateway.provider(provider)
    # The body is JSON whatever the content type says: curl -d calls it a form, as the playbook does.
    query = parse_search(await request.body())
    return respond(await found.search(query, _correlation_id(request), lane_of(request)))


def health_router(gateway: Gateway) -> APIRouter:
    """Health. It asks the database, never a provider."""
    router = APIRouter(tags=["health"])

    @router.get("/health")
    async def health(response: Response) -> GatewayHealth:
        database = "not open" if gateway.database is None else await gateway.database.problem()
        answer = _health(gateway, database)
        if answer.status == "unhealthy":
            response.status_code = 503
        return answer

    return router


def _health(gateway: Gateway, database: str) -> GatewayHealth:
    recorder = gateway.recorder
    stopped = recorder is None or not recorder.is_running
    recording = "stopped: answers are no longer written" if stopped or recorder is None else recorder.problem
    control = "" if gateway.control is None else gateway.control.store.problem
    clients = {name: provider.status() for name, provider in gateway.providers.items()}
    shared = gateway.shared()
    troubled = database or recording or control or not shared.healthy
    redis = {"redis": shared.detail or "healthy"} if shared.kind == "redis" else {}
    return GatewayHealth(
        status="unhealthy" if stopped else "degraded" if troubled else "healthy",
        service=SERVICE,
        version=VERSION,
        release=gateway.release,
        timestamp=datetime.now(UTC),
        api_clients=clients,
        circuit_breakers={name: client.circuit_breaker.state for name, client in clients.items()},
        adapters=list(clients),
        implementation=shared.kind,
        connections={
            "database": database or "healthy",
            "recorder": recording or "healthy",
            "operations": control or "healthy",
            **redis,
        },
    )


def parse_search(body: bytes) -> SearchRequest:
    """The search request in a body; a 422 in plain words when it is not one."""
    if len(body) > LARGEST_BODY:
        raise HTTPException(413, f"The body is larger than {LARGEST_BODY // 1024} KiB.")
    if not body.strip():
        raise HTTPException(
            422, 'The body is empty. Send JSON such as {"artist_name": "…", "track_title": "…"}.'
        )
    try:
        return SearchRequest.model_validate_json(body)
    except ValidationError as error:
        raise HTTPException(422, _in_words(error)) from error


def _in_words(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    if any(problem["type"] == "json_invalid" for problem in problems):
        return 'The body is not JSON. Send for example {"artist_name": "…", "track_title": "…"}.'
    parts = [f"{_field(problem['loc'])}: {problem['msg'].lower()}" for problem in problems]
    return f"The search cannot be made: {'; '.join(parts)}."


def _field(location: tuple[int | str, ...]) -> str:
    return ".".join(map(str, location)) or "the body"


def lane_of(request: Request) -> Lane:
    """The lane a request names, see `Lane`; a 422 when it names one that does not exist."""
    named = request.headers.get(LANE_HEADER, "").strip().lower()
    if named:
        if named not in set(Lane):
            raise HTTPException(422, f"{LANE_HEADER} is interactive or bulk, not '{named[:40]}'.")
        return Lane(named)
    priority = request.query_params.get("priority", "").strip() if request.scope["query_string"] else ""
    if not priority:
        return Lane.INTERACTIVE
    if not (priority.isascii() and priority.isdecimal() and 1 <= int(priority) <= 10):
        raise HTTPException(422, f"priority is a number from 1 to 10, not '{priority[:40]}'.")
    return Lane.INTERACTIVE if int(priority) >= _INTERACTIVE_PRIORITY else Lane.BULK


def correlation_id_in(header: str) -> str | None:
    """The correlation identifier in the header's value; none when that is blank."""
    return header.strip()[:200] or None


def _correlation_id(request: Request) -> str | None:
    return correlation_id_in(request.headers.get("x-correlation-id", ""))


def respond(answer: SearchResponse | TrackResponse, status: int | None = None) -> Response:
    """The HTTP response that carries an answer, with the status that its outcome stands for."""
    if status is None:
        missing = answer.status == "no_credentials"
        status = 200 if missing else _HTTP_STATUS.get(answer.outcome, 502)
    headers: dict[str, Any] = {}
    if answer.retry_at is not None and status in {429, 503}:
        seconds = (answer.retry_at - datetime.now(UTC)).total_seconds()
        headers["Retry-After"] = str(max(1, ceil(seconds)))
    return Response(answer.model_dump_json(), status, headers, media_type="application/json")
