"""The client of the gateway: the lane in which its calls wait, and for how long."""

from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI, Request, Response

from backend.contracts.gateway import LANE_HEADER, Lane, Outcome, TrackCandidate, TrackResponse
from backend.http import httpx
from backend.services.metadata_enrichment.work.gateway_client import CORRELATION_HEADER, GatewayClient
from tests.fixtures.provider_simulator import serving


async def test_each_call_names_its_lane() -> None:
    seen: list[tuple[str, str]] = []
    gateway = FastAPI()

    @gateway.api_route("/api/{path:path}", methods=["GET", "POST"])
    async def note(request: Request) -> Response:
        seen.append((request.method, request.headers[LANE_HEADER]))
        return Response(status_code=500)

    with serving(gateway) as url:
        async with httpx.AsyncClient(base_url=url) as http:
            client = GatewayClient(http)
            await client.track("deezer", "1", "trace")
            await client.in_lane(Lane.BULK).track("deezer", "1", "trace")
            await client.in_lane(Lane.BULK).search("deezer", "artist", "title", None, "trace")
    assert seen == [("GET", "interactive"), ("GET", "bulk"), ("POST", "bulk")]


@pytest.mark.parametrize(
    ("lane", "patience", "waits", "outcome"),
    [
        (Lane.BULK, 10.0, [4.0, 4.0], Outcome.OK),
        (Lane.BULK, 7.0, [4.0], Outcome.THROTTLED),
        (Lane.BULK, 0.0, [], Outcome.THROTTLED),
        (Lane.INTERACTIVE, 10.0, [], Outcome.THROTTLED),
    ],
)
async def test_a_queued_track_waits_for_its_turn_as_long_as_it_may(
    lane: Lane, patience: float, waits: list[float], outcome: Outcome
) -> None:
    slept: list[float] = []
    gateway = FastAPI()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    @gateway.get("/api/deezer/track/1")
    async def hold_back_twice() -> Response:
        through = len(slept) == 2
        answer = TrackResponse(
            status="success" if through else "throttled",
            provider="deezer",
            track_id="1",
            outcome=Outcome.OK if through else Outcome.THROTTLED,
            retry_at=None if through else datetime.now(UTC) + timedelta(seconds=4),
        )
        headers = {} if through else {"Retry-After": "4"}
        return Response(answer.model_dump_json(), 200 if through else 429, headers)

    with serving(gateway) as url:
        async with httpx.AsyncClient(base_url=url) as http:
            client = GatewayClient(http, bulk_patience=patience, sleep=sleep).in_lane(lane)
            answer = await client.track("deezer", "1", "trace")
    assert (slept, answer.outcome) == (waits, outcome)
    assert (answer.retry_at is None) == (outcome is Outcome.OK)


@pytest.mark.parametrize(
    ("given", "sent"), [("batch-7 of Zoë", "batch-7%20of%20Zo%C3%AB"), (" a\n", "%20a%0A"), ("50%", "50%")]
)
async def test_a_correlation_id_of_any_characters_reaches_the_gateway(given: str, sent: str) -> None:
    seen: list[str] = []
    gateway = FastAPI()

    @gateway.get("/api/deezer/track/1")
    async def note(request: Request) -> Response:
        seen.append(request.headers[CORRELATION_HEADER])
        return Response(status_code=500)

    with serving(gateway) as url:
        async with httpx.AsyncClient(base_url=url) as http:
            await GatewayClient(http).track("deezer", "1", given)
    assert seen == [sent]


async def test_what_postgresql_cannot_store_is_taken_out_of_a_providers_names() -> None:
    named = TrackCandidate(provider="deezer", provider_id="1", title="Stro\x00be", artists=["dead\x00mau5"])
    gateway = FastAPI()

    @gateway.get("/api/deezer/track/1")
    async def answer() -> Response:
        found = TrackResponse(
            status="success", provider="deezer", track_id="1", outcome=Outcome.OK, data=named
        )
        return Response(found.model_dump_json())

    with serving(gateway) as url:
        async with httpx.AsyncClient(base_url=url) as http:
            (candidate,) = (await GatewayClient(http).track("deezer", "1", "trace")).candidates
    assert (candidate.title, candidate.artists) == ("Strobe", ["deadmau5"])
