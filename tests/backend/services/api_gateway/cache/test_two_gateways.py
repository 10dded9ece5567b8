"""Two gateway processes over one Redis: what one has, the other has."""

import asyncio

from backend.http import httpx
from tests.backend.services.api_gateway.serving import BEARER
from tests.fixtures.provider_simulator import SimulatorHandle
from tests.waiting import wait_until

ASKERS = 20
ROUNDS = 3


def body(limit: int) -> str:
    """Each limit is another question, and to each there is an answer."""
    return f'{{"artist_name":"deadmau5","track_title":"Strobe","limit":{limit}}}'


def cached(url: str) -> bool:
    answer = httpx.post(f"{url}/api/deezer/search", content=body(10), timeout=30)
    assert answer.status_code == 200, answer.text
    return bool(answer.json()["cached"])


async def calls_for(gateways: tuple[str, str], simulator: SimulatorHandle, limit: int) -> int:
    """Calls at the provider that the same search by many at both gateways causes."""
    before: int = simulator.counts("deezer")["requests"]
    async with httpx.AsyncClient(timeout=60) as client:
        asking = [
            client.post(f"{gateways[n % 2]}/api/deezer/search", content=body(limit)) for n in range(ASKERS)
        ]
        answers = await asyncio.gather(*asking)
    assert {answer.json()["status"] for answer in answers} == {"success"}
    after: int = simulator.counts("deezer")["requests"]
    return after - before


async def test_the_same_search_by_many_at_two_gateways_makes_one_call(
    two_gateways: tuple[str, str], simulator: SimulatorHandle
) -> None:
    """Several rounds: on a machine so busy that Redis seems away, each gateway rightly asks for itself."""
    simulator.turn("deezer", latency_ms=300, enforce_limit=False)
    counts = [await calls_for(two_gateways, simulator, limit) for limit in range(1, ROUNDS + 1)]
    assert min(counts) == 1, counts
    assert max(counts) <= 2, counts


async def test_what_is_invalidated_at_one_gateway_is_forgotten_by_the_other(
    two_gateways: tuple[str, str], simulator: SimulatorHandle
) -> None:
    one, other = two_gateways
    wait_until(lambda: cached(one) and cached(other))
    answer = httpx.post(
        f"{one}/admin/cache/invalidate", params={"provider": "deezer", "operation": "search"}, headers=BEARER
    )
    assert (answer.status_code, answer.json()["forgotten"] >= 1) == (200, True)
    wait_until(lambda: not cached(other))
