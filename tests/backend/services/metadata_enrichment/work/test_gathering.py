"""Which calls are made for one track, over a gateway that has it everywhere."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from fastapi import FastAPI

from backend.contracts.enrichment import EnrichRequest
from backend.contracts.gateway import Outcome, SearchResponse, TrackCandidate, TrackResponse
from backend.contracts.waterfall import WaterfallConfiguration
from backend.http import httpx
from backend.services.metadata_enrichment.waterfall.resolution import resolve
from backend.services.metadata_enrichment.work.gateway_client import GatewayClient
from backend.services.metadata_enrichment.work.gathering import Gathering
from tests.backend.services.metadata_enrichment.waterfall.evidence import configured, field
from tests.fixtures.provider_simulator import serving

STROBE = EnrichRequest(track_id="t-1", artist_name="deadmau5", track_title="Strobe")
PICTURE = "https://archive.example/1.jpg"


def strobe(provider: str) -> TrackCandidate:
    """Release `r-1` has the picture; everybody else's track is `1`."""
    return TrackCandidate(
        provider=provider,
        provider_id="r-1" if provider == "coverartarchive" else "1",
        title="Strobe",
        artists=["deadmau5"],
        release_id="r-1",
        artwork_url=PICTURE,
    )


@pytest.fixture
async def gateway() -> AsyncIterator[GatewayClient]:
    app = FastAPI()

    @app.post("/api/{provider}/search")
    async def search(provider: str) -> SearchResponse:
        found = [strobe(provider)]
        return SearchResponse(
            status="success", provider=provider, query={}, outcome=Outcome.OK, results=found
        )

    @app.get("/api/{provider}/track/{track_id:path}")
    async def track(provider: str, track_id: str) -> TrackResponse:
        data = strobe(provider)
        return TrackResponse(
            status="success", provider=provider, track_id=track_id, outcome=Outcome.OK, data=data
        )

    with serving(app) as url:
        async with httpx.AsyncClient(base_url=url) as http:
            yield GatewayClient(http)


async def gather(
    gateway: GatewayClient, configuration: WaterfallConfiguration, known: Mapping[str, str]
) -> tuple[list[tuple[str, str]], dict[str, Any]]:
    """The calls, and the values that come of them."""
    gathered = await Gathering(gateway, configuration, STROBE, "trace", known).run()
    calls = [(answer.provider, answer.operation) for answer in gathered.answers]
    return calls, dict(resolve(configuration, gathered.evidence).values)


@pytest.mark.parametrize("known", [{}, {"coverartarchive": "r-1"}])
async def test_a_picture_is_as_sure_as_its_recording_even_when_its_release_is_known(
    gateway: GatewayClient, known: Mapping[str, str]
) -> None:
    calls, values = await gather(gateway, configured(field("artwork_url", "coverartarchive")), known)
    assert calls == [("musicbrainz", "search"), ("coverartarchive", "track")]
    assert values == {"artwork_url": PICTURE}
