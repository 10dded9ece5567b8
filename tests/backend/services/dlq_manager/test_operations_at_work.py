"""Operations carried out by the whole application, with a worker that says how each sending went."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from backend.contracts.dead_letter_operations import Operation
from backend.messaging.port import HEADER_DEAD_LETTER_ID, HEADER_GENERATION, Message
from tests.backend.services.dlq_manager.enrichment_worker import working
from tests.backend.services.dlq_manager.manager import ManagerAddress, dead
from tests.fixtures.dead_letter_rows import fill
from tests.waiting import wait_until


@pytest.fixture
def filled(served: ManagerAddress) -> ManagerAddress:
    """Sixty failed letters of three causes."""
    wait_until(lambda: len(served.ask("GET", "/dlq/stats").json().get("queue_stats", ())) == 3)
    fill(served.operations, 60, causes=3, payload_bytes=20)
    return served


def make(served: ManagerAddress, kind: str = "retry", **more: Any) -> Operation:
    options = {"canary": 0, "respect_budget": False, "skip_superseded": False, **more.pop("options", {})}
    body = {"kind": kind, "selection": {}, "author": "ann", "reason": "by test", "options": options, **more}
    answer = served.ask("POST", "/dlq/operations", json=body)
    assert answer.status_code == 200, answer.text
    return Operation.model_validate_json(answer.content)


def look(served: ManagerAddress, operation: Operation) -> Operation:
    return Operation.model_validate_json(served.ask("GET", f"/dlq/operations/{operation.id}").content)


def command(served: ManagerAddress, operation: Operation, name: str, **more: Any) -> Operation:
    version = look(served, operation).version
    body = {"command": name, "version": version, "author": "ann", **more}
    answer = served.ask("POST", f"/dlq/operations/{operation.id}/control", json=body)
    assert answer.status_code == 200, answer.text
    return Operation.model_validate_json(answer.content)


async def until(condition: Callable[[], object]) -> None:
    await asyncio.to_thread(wait_until, condition)


def balance(served: ManagerAddress) -> dict[str, int]:
    """Letters by state; the meter has to balance whenever it is looked at."""
    meter = served.ask("GET", "/dlq/meter").json()
    assert meter["difference"] == 0
    return {state: count for state, count in meter["by_state"].items() if count}


def always(_message: Message) -> bool:
    return True


def never(_message: Message) -> bool:
    return False


async def test_the_sample_first_then_the_rest(filled: ManagerAddress) -> None:
    operation = make(filled, options={"canary": 6})
    assert (operation.state, operation.total, operation.counts["pending"]) == ("frozen", 60, 60)
    async with working(filled.operations, always) as taken:
        command(filled, operation, "start")
        await until(lambda: look(filled, operation).state == "deciding")
        sample = look(filled, operation).canary
        assert sample is not None
        assert (sample.size, sample.resolved, sample.outstanding, sample.predicted) == (6, 6, 0, 1.0)
        assert sample.low is not None
        assert 0.5 < sample.low < 0.65  # six of six say only so much
        assert len(taken) == 6
        command(filled, operation, "accept")
        await until(lambda: look(filled, operation).state == "completed")
    assert look(filled, operation).counts["resolved"] == 60
    assert balance(filled) == {"resolved": 60}
    assert len({message.headers[HEADER_DEAD_LETTER_ID] for message in taken}) == len(taken) == 60


async def test_the_sample_has_every_cause_in_it(filled: ManagerAddress) -> None:
    operation = make(filled, options={"canary": 3})
    page = filled.ask("GET", f"/dlq/operations/{operation.id}/items").json()
    chosen = [item["message_id"] for item in page["items"] if item["is_canary"]]
    causes = {filled.ask("GET", f"/dlq/letters/{name}").json()["fingerprint"] for name in chosen}
    assert len(chosen) == len(causes) == 3


async def test_a_good_sample_is_accepted_by_itself_when_that_was_asked(filled: ManagerAddress) -> None:
    operation = make(filled, options={"canary": 5, "accept_share": 0.8})
    async with working(filled.operations, always):
        command(filled, operation, "start")
        await until(lambda: look(filled, operation).state == "completed")
    assert balance(filled) == {"resolved": 60}


async def test_a_hopeless_operation_trips(filled: ManagerAddress) -> None:
    operation = make(filled, options={"per_second": 5, "tripwire_limit": 5, "tripwire_window": 20})
    async with working(filled.operations, never):
        command(filled, operation, "start")
        await until(lambda: look(filled, operation).state == "paused")
        await until(lambda: look(filled, operation).counts["sent"] == 0)
    found = look(filled, operation)
    assert "came back with the same failure" in found.state_reason
    assert "HTTP 503" in found.state_reason
    assert found.counts["pending"] > 0
    assert found.counts["returned"] + found.counts["pending"] == 60
    assert balance(filled) == {"failed": 60}


async def test_pausing_and_cancelling_leave_exact_counts(filled: ManagerAddress) -> None:
    operation = make(filled, options={"per_second": 20})
    async with working(filled.operations, always) as taken:
        command(filled, operation, "start")
        await until(lambda: len(taken) >= 5)
        paused = command(filled, operation, "pause")
        await until(
            lambda: look(filled, operation).counts["sent"] + look(filled, operation).counts["claimed"] == 0
        )
        # The worker may have reported one that it has not noted yet.
        await until(lambda: look(filled, operation).counts["resolved"] == len(taken))
        sent = len(taken)
        command(filled, paused, "resume")
        await until(lambda: len(taken) > sent)
        command(filled, operation, "cancel")
        await until(lambda: look(filled, operation).counts["pending"] == 0)
        await until(
            lambda: (
                look(filled, operation).counts["resolved"] + look(filled, operation).counts["cancelled"] == 60
            )
        )
    counts = look(filled, operation).counts
    assert counts["resolved"] == len(taken) < 60
    assert balance(filled) == {"failed": 60 - len(taken), "resolved": len(taken)}


async def test_newcomers_are_not_touched(filled: ManagerAddress) -> None:
    operation = make(filled, options={"per_second": 100})
    fill(filled.operations, 10, causes=3, payload_bytes=20, first=61)
    async with working(filled.operations, always):
        command(filled, operation, "start")
        await until(lambda: look(filled, operation).state == "completed")
    assert balance(filled) == {"failed": 10, "resolved": 60}


async def test_two_operations_over_the_same_letters_send_each_once(filled: ManagerAddress) -> None:
    first, second = make(filled), make(filled)
    async with working(filled.operations, always) as taken:
        command(filled, first, "start")
        command(filled, second, "start")
        await until(lambda: {look(filled, one).state for one in (first, second)} == {"completed"})
    assert len(taken) == 60
    ends = [look(filled, one).counts for one in (first, second)]
    assert [counts["resolved"] + counts["skipped"] for counts in ends] == [60, 60]
    assert sum(counts["resolved"] for counts in ends) == 60


async def test_a_patch_is_sent_and_the_original_stays(filled: ManagerAddress) -> None:
    patch = [{"op": "replace", "path": "/artist_name", "value": "Someone"}]
    operation = make(filled, "patch", options={"patch": patch}, selection={"message_ids": ["m-1", "m-2"]})
    async with working(filled.operations, always) as taken:
        command(filled, operation, "start")
        await until(lambda: look(filled, operation).state == "completed")
    assert all(b'"artist_name": "Someone"' in message.body for message in taken)
    letter = filled.ask("GET", "/dlq/letters/m-1").json()
    assert '"artist_name": "Artist 1"' in letter["payload_text"]
    assert letter["revision"] == 1


async def test_a_discard_and_its_undo(filled: ManagerAddress) -> None:
    discard = make(filled, "discard", selection={"query": "attempts:=1"})
    command(filled, discard, "start")
    await until(lambda: look(filled, discard).state == "completed")
    assert balance(filled) == {"discarded": 60}
    undo = make(filled, "undo", undoes=discard.id)
    command(filled, undo, "start")
    await until(lambda: look(filled, undo).state == "completed")
    assert balance(filled) == {"failed": 60}
    assert look(filled, discard).undone_by == undo.id


async def test_a_queue_that_is_gone_pauses_the_operation(filled: ManagerAddress) -> None:
    with filled.operations.connect(autocommit=True) as connection:
        connection.execute(
            "UPDATE dead_letters.messages SET routing_key = 'nowhere', version = version + 1 "
            "WHERE message_id = 'm-7'"
        )
    operation = make(filled, selection={"message_ids": ["m-7"]})
    command(filled, operation, "start")
    await until(lambda: look(filled, operation).state == "paused")
    found = look(filled, operation)
    assert "nowhere" in found.state_reason
    assert found.counts["returned"] == 1
    assert balance(filled) == {"failed": 60}


async def test_what_came_back_is_told_with_its_generation(served: ManagerAddress) -> None:
    wait_until(lambda: len(served.ask("GET", "/dlq/stats").json().get("queue_stats", ())) == 3)
    await served.publish(dead("l-1"))
    await until(lambda: balance(served) == {"failed": 1})
    operation = make(served)
    async with working(served.operations, never) as taken:
        command(served, operation, "start")
        await until(lambda: look(served, operation).state == "completed")
    assert [message.headers[HEADER_GENERATION] for message in taken] == [1]
    assert look(served, operation).counts["returned"] == 1
    assert served.ask("GET", "/dlq/letters/l-1").json()["attempts"] == 2


def test_a_stale_view_is_a_conflict(filled: ManagerAddress) -> None:
    operation = make(filled, options={"per_second": 1})
    command(filled, operation, "pace", per_second=2)
    body = {"command": "start", "version": operation.version, "author": "ben"}
    answer = filled.ask("POST", f"/dlq/operations/{operation.id}/control", json=body)
    assert answer.status_code == 409
    assert "Look at it again" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"kind": "retry", "selection": {"query": "artst:x"}}, "not known"),
        ({"kind": "retry", "selection": {"fingerprint": "none"}}, "No letter matches"),
        ({"kind": "patch", "selection": {}}, "JSON Patch"),
        ({"kind": "undo", "selection": {}}, "names the operation"),
    ],
)
def test_what_cannot_be_made_says_why(filled: ManagerAddress, body: dict[str, Any], told: str) -> None:
    answer = filled.ask("POST", "/dlq/operations", json={**body, "author": "ann", "reason": "r"})
    assert answer.status_code in {404, 422}
    assert told in answer.json()["detail"]


def test_the_preview_counts_what_would_be_frozen(filled: ManagerAddress) -> None:
    body = {"kind": "retry", "selection": {"query": "provider:spotify"}, "author": "ann", "reason": "r"}
    preview = filled.ask("POST", "/dlq/operations/preview", json=body).json()
    made = make(filled, selection={"query": "provider:spotify"})
    assert preview["acting"] == made.total > 0
    assert preview["counts_are_exact"]
    assert preview["by_provider"] == [{"name": "spotify", "count": made.total}]


def test_a_repeated_request_makes_one_operation(filled: ManagerAddress) -> None:
    body = {"kind": "retry", "selection": {}, "author": "ann", "reason": "r"}
    made = [
        filled.ask("POST", "/dlq/operations", json=body, headers={"Idempotency-Key": "k-1"}).json()["id"]
        for _ in range(2)
    ]
    assert made[0] == made[1]
    assert len(filled.ask("GET", "/dlq/operations").json()) == 1
