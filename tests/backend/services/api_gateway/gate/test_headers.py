"""Headers lower a limit and never raise it, and only where they are the caller's own budget."""

from collections.abc import Mapping

import pytest
from pydantic import SecretStr

from backend.services.api_gateway.gate.headers import Budget, BudgetHeaders
from backend.services.api_gateway.gate.limit import RateLimit
from backend.services.api_gateway.gate.opening import name_of
from backend.services.api_gateway.gate.rate_gate import GateClosed, Pass, RateGate
from backend.services.api_gateway.providers.discogs import Discogs
from backend.services.api_gateway.providers.listenbrainz import ListenBrainz
from backend.services.api_gateway.providers.musicbrainz import MusicBrainz
from tests.backend.services.api_gateway.gate.worlds import World

NAMES = BudgetHeaders(limit="x-limit", remaining="x-left", reset_in="x-reset-in")
LIMIT = RateLimit(10, 60.0, headers=NAMES)


async def answered(gate: RateGate, headers: Mapping[str, str]) -> None:
    """Make a call whose answer has these headers."""
    passed = await gate.enter(0)
    assert isinstance(passed, Pass)
    await gate.answered(passed, headers)


@pytest.mark.parametrize(
    ("headers", "budget"),
    [
        ({"x-limit": "25", "x-left": "24", "x-reset-in": "9"}, Budget(25, 24, 9.0)),
        ({"x-left": "0"}, Budget(None, 0, None)),
        ({"x-limit": "0"}, Budget(None, None, None)),
        ({"x-limit": "many", "x-left": "-1", "x-reset-in": "soon"}, Budget(None, None, None)),
        ({"x-limit": "9" * 500, "x-left": "١٢"}, Budget(None, None, None)),
        ({"x-reset-in": "999999"}, Budget(None, None, 3_600.0)),
        ({}, Budget(None, None, None)),
    ],
)
def test_what_headers_say(headers: dict[str, str], budget: Budget) -> None:
    assert NAMES.read(headers) == budget


def test_a_header_without_a_name_is_not_read() -> None:
    assert BudgetHeaders(remaining="x-left").read({"": "7", "x-left": "3"}) == Budget(None, 3, None)


async def test_a_lower_limit_holds_until_the_headers_say_otherwise() -> None:
    gate = World().local_gate(LIMIT)
    await answered(gate, {"x-limit": "4"})
    status = gate.status()
    assert (status.limit, status.documented_limit, status.remaining) == (4, 10, 3)
    await answered(gate, {"x-limit": "10"})
    status = gate.status()
    assert (status.limit, status.documented_limit, status.remaining) == (10, None, 8)


async def test_a_higher_limit_and_more_left_than_we_count_change_nothing() -> None:
    gate = World().local_gate(LIMIT)
    await answered(gate, {"x-limit": "240", "x-left": "239"})
    status = gate.status()
    assert (status.limit, status.documented_limit, status.remaining) == (10, None, 9)


async def test_what_others_of_the_account_used_is_not_used_again() -> None:
    world = World()
    gate = world.local_gate(LIMIT)
    await answered(gate, {"x-left": "2", "x-reset-in": "30"})
    assert gate.status().remaining == 2
    assert isinstance(await gate.enter(0), Pass)
    assert isinstance(await gate.enter(0), Pass)
    refused = await gate.enter(0)
    assert isinstance(refused, GateClosed)
    assert refused.retry_in == 30.0
    world.time.now += 30
    assert isinstance(await gate.enter(0), Pass)


async def test_calls_that_the_provider_has_not_counted_yet_are_taken_off_what_is_left() -> None:
    world = World()
    gate = world.local_gate(LIMIT)
    first = await gate.enter(0)
    assert isinstance(first, Pass)
    world.time.now += 0.01
    assert isinstance(await gate.enter(0), Pass)
    assert isinstance(await gate.enter(0), Pass)
    await gate.answered(first, {"x-left": "5"})
    assert gate.status().remaining == 3


async def test_musicbrainz_numbers_are_its_whole_servers_and_ignored() -> None:
    gate = World().local_gate(MusicBrainz.limit)
    await answered(gate, {"x-ratelimit-limit": "1200", "x-ratelimit-remaining": "0"})
    status = gate.status()
    assert (status.limit, status.documented_limit) == (1, None)


async def test_discogs_without_its_token_in_force_is_seen_and_heeded() -> None:
    discogs = Discogs("http://discogs", "agent", SecretStr("token"))
    gate = World().local_gate(discogs.limit)
    await answered(gate, {"x-discogs-ratelimit": "25", "x-discogs-ratelimit-remaining": "24"})
    status = gate.status()
    assert (status.limit, status.documented_limit, status.remaining) == (25, 59, 24)


async def test_listenbrainz_says_when_its_budget_is_renewed() -> None:
    gate = World().local_gate(ListenBrainz.limit)
    await answered(gate, {"x-ratelimit-remaining": "0", "x-ratelimit-reset-in": "7"})
    refused = await gate.enter(0)
    assert isinstance(refused, GateClosed)
    assert refused.retry_in == 7.0


def test_credentials_have_a_name_that_does_not_tell_them() -> None:
    name = name_of([SecretStr("sentinel-id"), SecretStr("sentinel-secret")])
    assert "sentinel" not in name
    assert name == name_of([SecretStr("sentinel-id"), SecretStr("sentinel-secret")])
    others: list[list[SecretStr]] = [
        [],
        [SecretStr("sentinel-idsentinel-secret")],
        [SecretStr("sentinel-id"), SecretStr("other")],
    ]
    assert len({name, *map(name_of, others)}) == 4
