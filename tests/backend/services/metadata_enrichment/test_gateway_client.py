"""The client of the gateway names the lane in which its calls wait."""

from fastapi import FastAPI, Request, Response

from backend.contracts.gateway import LANE_HEADER, Lane
from backend.http import httpx
from backend.services.metadata_enrichment.work.gateway_client import GatewayClient
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
