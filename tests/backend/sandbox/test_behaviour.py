"""Limits and troubles: as asked for, and the same each time."""

import asyncio
from time import monotonic

import pytest
from pydantic import ValidationError

from backend.sandbox.behaviour import Behaviour, Knobs, Limit, Trouble


async def troubles(behaviour: Behaviour, count: int) -> list[Trouble]:
    return [await behaviour.receive() for _ in range(count)]


def behaviour(**knobs: object) -> Behaviour:
    made = Behaviour("spotify", Limit(1_000_000, 1.0))
    made.turn(Knobs.model_validate({"latency_ms": 0, **knobs}))
    return made


async def test_the_same_seed_gives_the_same_troubles_and_another_seed_others() -> None:
    rates = {"error_rate": 0.3, "throttle_rate": 0.3}
    first = await troubles(behaviour(**rates, seed=7), 200)
    assert first == await troubles(behaviour(**rates, seed=7), 200)
    assert first != await troubles(behaviour(**rates, seed=8), 200)


async def test_turning_the_knobs_begins_the_sequence_again() -> None:
    one = behaviour(error_rate=0.5)
    first = await troubles(one, 50)
    one.turn(one.knobs)
    assert await troubles(one, 50) == first


async def test_rates_are_met() -> None:
    seen = await troubles(behaviour(error_rate=0.2, throttle_rate=0.5), 2_000)
    assert seen.count(Trouble.ERROR) / 2_000 == pytest.approx(0.2, abs=0.03)
    assert seen.count(Trouble.THROTTLED) / 2_000 == pytest.approx(0.8 * 0.5, abs=0.03)


async def test_the_limit_holds_in_any_window() -> None:
    now = [0.0]
    limited = Behaviour("musicbrainz", Limit(2, 1.0), lambda: now[0])
    limited.turn(Knobs(latency_ms=0))
    seen = []
    for moment in (0.0, 0.9, 0.95, 1.95, 2.0, 2.05):
        now[0] = moment
        seen.append(await limited.receive())
    none, over = Trouble.NONE, Trouble.OVER_LIMIT
    assert seen == [none, none, over, none, none, over]
    assert limited.counts.largest_window == 3


async def test_a_smaller_limit_can_be_asked_for_and_a_limit_can_be_ignored() -> None:
    limited = Behaviour("musicbrainz", Limit(10, 60.0))
    limited.turn(Knobs(latency_ms=0, limit=1))
    assert await troubles(limited, 2) == [Trouble.NONE, Trouble.OVER_LIMIT]
    limited.turn(Knobs(latency_ms=0, limit=1, enforce_limit=False))
    assert await troubles(limited, 5) == [Trouble.NONE] * 5


async def test_latency_passes_and_a_timeout_holds_longer() -> None:
    begun = monotonic()
    await behaviour(latency_ms=60).receive()
    assert monotonic() - begun >= 0.06
    hanging = asyncio.create_task(behaviour(timeout_rate=1.0, timeout_seconds=30).receive())
    done, _ = await asyncio.wait([hanging], timeout=0.1)
    assert not done
    hanging.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hanging


@pytest.mark.parametrize("knobs", [{"error_rate": 1.5}, {"latency_ms": -1}, {"no_such_knob": 1}])
def test_impossible_knobs_are_refused(knobs: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Knobs.model_validate(knobs)
