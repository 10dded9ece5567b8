"""Two gateway processes that share a real Redis never exceed a limit together."""

import asyncio

from backend.http import httpx
from tests.fixtures.provider_simulator import SimulatorHandle

CALLS = 56
"""Deezer allows 50 in 5 s: two gateways that did not know of each other would send all of them at once."""


async def test_two_gateways_share_one_budget(
    two_gateways: tuple[str, str], simulator: SimulatorHandle
) -> None:
    simulator.turn("deezer")
    before = simulator.counts("deezer")
    async with httpx.AsyncClient(timeout=60) as client:
        calls = (client.get(f"{two_gateways[n % 2]}/api/deezer/track/{9_000_000 + n}") for n in range(CALLS))
        replies = await asyncio.gather(*calls)
    assert {reply.status_code for reply in replies} == {404}  # all were asked, none was refused
    after = simulator.counts("deezer")
    assert after["requests"] == before["requests"] + CALLS
    assert after["troubles"].get("over_limit", 0) == before["troubles"].get("over_limit", 0)


async def test_one_gateways_throttled_call_holds_back_the_other(
    two_gateways: tuple[str, str], simulator: SimulatorHandle
) -> None:
    simulator.turn("spotify", throttle_rate=1.0, retry_after_seconds=600, enforce_limit=False)
    async with httpx.AsyncClient(timeout=60) as client:
        throttled = await client.get(f"{two_gateways[0]}/api/spotify/track/11dFghVXANMlKmJXsNCbNl")
        asked = simulator.counts("spotify")["requests"]
        held_back = await client.get(f"{two_gateways[1]}/api/spotify/track/11dFghVXANMlKmJXsNCbNl")
    assert (throttled.status_code, held_back.status_code) == (429, 429)
    assert int(held_back.headers["retry-after"]) > 500
    assert simulator.counts("spotify")["requests"] == asked
