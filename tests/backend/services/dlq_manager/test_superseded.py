"""Letters that a later success makes superfluous, found by the track's id or by its names."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from backend.database.address import DatabaseAddress
from backend.services.dlq_manager.app import create_app
from backend.services.dlq_manager.business_key import business_key, names_of
from tests.backend.services.dlq_manager.conftest import settings_for
from tests.backend.services.dlq_manager.manager import ManagerAddress, dead
from tests.fixtures.music import add_track
from tests.fixtures.provider_simulator import serving
from tests.waiting import wait_until


@pytest.fixture
def beside_music(operations_db: DatabaseAddress, musicdb: DatabaseAddress) -> Iterator[ManagerAddress]:
    """The manager, which can ask the music database."""
    settings = settings_for(operations_db).model_copy(update={"database_name": musicdb.name})
    with serving(create_app(settings)) as url:
        yield ManagerAddress(url, operations_db)


def body(**told: str) -> bytes:
    return json.dumps(told).encode()


def detail(served: ManagerAddress, name: str) -> Any:
    return served.ask("GET", f"/dlq/letters/{name}").json()


def test_keys_are_the_same_for_what_is_the_same_track() -> None:
    assert business_key("t-1", "A", "B") == "t-1"
    assert business_key(None, "  Sigur\u00a0RÓS ", "Ｈoppípolla") == business_key(
        None, "sigur rós", "hoppípolla"
    )
    assert names_of(business_key(None, "Sigur RÓS", "Hoppípolla") or "") == ("sigur rós", "hoppípolla")
    assert (business_key(None, "A", None), names_of("name:of a track")) == (None, None)


async def test_superseded_letters_are_counted_and_told(
    beside_music: ManagerAddress, musicdb: DatabaseAddress
) -> None:
    wait_until(lambda: len(beside_music.ask("GET", "/dlq/stats").json().get("queue_stats", ())) == 3)
    await beside_music.publish(
        dead("by-id", body=body(track_id="t-1", artist_name="Faithless", track_title="Insomnia")),
        dead("by-name", body=body(artist_name="sigur  RÓS", track_title="100% Hoppípolla_")),
        dead("earlier", body=body(artist_name="Orbital", track_title="Belfast")),
        dead("never", body=body(track_id="t-9", artist_name="Sigur Rós", track_title="Another")),
        dead("nameless", body=body(artist_name="Sigur Rós")),
    )
    wait_until(lambda: beside_music.ask("GET", "/dlq/meter").json()["received"] == 5)
    request = add_track(musicdb, "t-1", "Faithless", "Insomnia", 5)
    named = add_track(musicdb, "t-2", "Sigur Rós", "100% Hoppípolla_", 5)
    add_track(musicdb, "t-3", "Orbital", "Belfast", -600)
    asked = {"kind": "retry", "selection": {}, "author": "ann", "reason": "by test"}
    preview = beside_music.ask("POST", "/dlq/operations/preview", json=asked).json()
    assert (preview["acting"], preview["superseded"], preview["superseded_of"]) == (5, 2, 5)
    by_id, by_name = detail(beside_music, "by-id"), detail(beside_music, "by-name")
    assert (by_id["superseded"]["request_id"], by_id["track_id"]) == (request, "t-1")
    assert (by_name["superseded"]["track_id"], by_name["superseded"]["request_id"]) == ("t-2", named)
    assert by_name["track_id"] is None
    for name in ("earlier", "never", "nameless"):
        found = detail(beside_music, name)
        assert (found["superseded"], found["superseded_is_known"]) == (None, True), name


async def test_a_music_database_that_is_away_is_not_taken_for_a_no(served: ManagerAddress) -> None:
    wait_until(lambda: len(served.ask("GET", "/dlq/stats").json().get("queue_stats", ())) == 3)
    await served.publish(dead("letter-1"))
    wait_until(lambda: served.ask("GET", "/dlq/meter").json()["received"] == 1)
    asked = {"kind": "retry", "selection": {}, "author": "ann", "reason": "by test"}
    preview = served.ask("POST", "/dlq/operations/preview", json=asked).json()
    assert (preview["superseded"], preview["superseded_of"]) == (None, 1)
    assert detail(served, "letter-1")["superseded_is_known"] is False
