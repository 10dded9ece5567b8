"""What sets the payloads of a cause apart: on real letters, bounded, and silent when it cannot say."""

import json

import pytest

from backend.contracts.dead_letter_contrast import FieldState
from backend.services.dlq_manager.contrast_fields import MOST_FIELDS, contrast, read_payload
from backend.services.dlq_manager.contrasts import MOST_BYTES, Contrasts
from backend.services.dlq_manager.refusals import NotFoundError
from tests.backend.services.dlq_manager.manager import Manager, ManagerAddress, dead


def body(**fields: object) -> bytes:
    return json.dumps({"track_id": "t", "artist_name": "Faithless", **fields}).encode()


async def fill(manager: Manager) -> str:
    """Twenty that failed without an isrc, twenty that were resolved, one of those without it too."""
    for place in range(20):
        await manager.take(dead(f"bad-{place}", body=body(track_id=f"b{place}", isrc=""), error="No match"))
        isrc = "" if place == 0 else f"GB{place:010}"
        await manager.take(dead(f"good-{place}", body=body(track_id=f"g{place}", isrc=isrc)))
        await manager.send(f"good-{place}")
        await manager.resolve(f"good-{place}")
    async with manager.pool.connection() as connection:
        found = await connection.execute(
            "SELECT fingerprint FROM dead_letters.messages WHERE message_id = 'bad-1'"
        )
        row = await found.fetchone()
    assert row is not None
    return str(row[0])


async def test_the_field_that_is_empty_in_the_failures_stands_first(manager: Manager) -> None:
    found = await Contrasts(manager.pool).of(await fill(manager))
    assert (found.basis, found.failing, found.others, found.is_enough) == ("resolved", 20, 20, True)
    assert [(one.path, one.state, one.failing, one.others) for one in found.fields] == [
        ("/isrc", FieldState.EMPTY, 1.0, 0.05)
    ]


async def test_without_successes_it_compares_with_other_causes(manager: Manager) -> None:
    for place in range(6):
        await manager.take(dead(f"bad-{place}", body=body(isrc=None), error="No match"))
        await manager.take(dead(f"else-{place}", body=body(isrc="GB1")))
    letter = await manager.letter("bad-0")
    found = await Contrasts(manager.pool).of(letter.fingerprint)
    assert found.basis == "other_causes"
    assert [one.path for one in found.fields] == ["/isrc"]


async def test_few_huge_and_broken_payloads_are_no_evidence(manager: Manager) -> None:
    for place, given in enumerate((b"\xff", b"[1]", b'{"a":' + b" " * MOST_BYTES + b"1}", body())):
        await manager.take(dead(f"odd-{place}", body=given, error="No match"))
    letter = await manager.letter("odd-0")
    found = await Contrasts(manager.pool).of(letter.fingerprint)
    assert (found.failing, found.is_enough, found.fields) == (1, False, [])


async def test_a_cause_that_nobody_knows(manager: Manager) -> None:
    with pytest.raises(NotFoundError):
        await Contrasts(manager.pool).of("nowhere")


def test_the_endpoint_wants_the_token_and_answers_with_404(served: ManagerAddress) -> None:
    assert served.ask("GET", "/dlq/causes/nowhere/contrast", token=None).status_code == 401
    assert served.ask("GET", "/dlq/causes/nowhere/contrast").status_code == 404


def test_nested_fields_and_lists_are_named_as_pointers() -> None:
    reading = read_payload(b'{"a": {"b/c": [], "d": {}}, "e": [1], "f": 9007199254740993}')
    assert reading == {
        "/a/b~1c": (FieldState.EMPTY, ""),
        "/a/d": (FieldState.EMPTY, ""),
        "/e": (FieldState.VALUE, "[1]"),
        "/f": (FieldState.VALUE, "9007199254740993"),
    }


def test_at_most_so_many_fields_are_told() -> None:
    here = read_payload(json.dumps({f"f{place}": 1 for place in range(40)}).encode())
    assert here is not None
    assert len(contrast([here] * 9, [{}] * 9)) == MOST_FIELDS
