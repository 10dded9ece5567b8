"""The gate inside the gateway, over real HTTP to the simulator."""

import asyncio

from backend.contracts.gateway import Lane, Outcome
from backend.contracts.providers import GateState
from tests.backend.services.api_gateway.bench import Bench
from tests.fixtures.provider_simulator import SimulatorHandle


async def test_a_lower_limit_in_discogs_headers_shows_in_the_status(
    bench: Bench, simulator: SimulatorHandle
) -> None:
    simulator.turn("discogs", limit=25)
    before = bench["discogs"].status().rate_gate
    assert (before.limit, before.documented_limit) == (59, None)
    await bench["discogs"].track("1-A1", None)
    after = bench["discogs"].status().rate_gate
    assert (after.limit, after.documented_limit, after.remaining) == (25, 59, 24)
    assert after.state is GateState.FLOWING


async def test_musicbrainz_server_wide_headers_change_nothing(
    bench: Bench, simulator: SimulatorHandle
) -> None:
    await bench["musicbrainz"].track("b1a9c0e9-d987-4042-ae91-78d6a3267d69", None)
    gate = bench["musicbrainz"].status().rate_gate
    assert (gate.limit, gate.documented_limit) == (1, None)


async def test_an_interactive_look_up_overtakes_bulk_ones(bench: Bench, simulator: SimulatorHandle) -> None:
    order: list[str] = []

    async def ask(number: int, lane: Lane) -> None:
        answer = await bench["deezer"].track(str(8_000_000 + number), None, lane)
        assert answer.outcome is Outcome.NOT_FOUND
        order.append(lane)

    bulk = [asyncio.ensure_future(ask(number, Lane.BULK)) for number in range(8)]
    await asyncio.sleep(0)
    await asyncio.gather(ask(99, Lane.INTERACTIVE), *bulk)
    assert order.index(Lane.INTERACTIVE) <= 5  # bulk calls keep 0.1 s apart, so eight take 0.7 s
