"""Small promises: whom `owner:me` means, ids with slashes, audited exports, causes that bounce no more."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from backend.contracts.dead_letter_query import TEXT, Term, parse, with_caller
from backend.contracts.gateway import Outcome
from backend.messaging.topology import QUEUES
from backend.services.common.database import Pool
from backend.services.dlq_manager.fingerprint import fingerprint
from backend.services.metadata_enrichment.work.answers import Answer
from backend.services.metadata_enrichment.work.failures import nobody_answered
from backend.services.metadata_enrichment.work.gathering import Gathered
from tests.backend.services.dlq_manager.manager import BODY, Manager, ManagerAddress, dead, report
from tests.backend.services.dlq_manager.workbench import Workbench
from tests.waiting import wait_until


@pytest.fixture
async def filled(served: ManagerAddress) -> ManagerAddress:
    """Two letters, the second of which has an id that looks like an address of the first."""
    wait_until(lambda: len(served.ask("GET", "/dlq/stats").json().get("queue_stats", ())) == 3)
    await served.publish(dead("one", outcome_class="throttled"), dead("one/payload", body=b"{}"))
    wait_until(lambda: served.ask("GET", "/dlq/meter").json()["received"] == 2)
    return served


def found(served: ManagerAddress, query: str, **headers: str) -> Any:
    answer = served.ask("POST", "/dlq/page", json={"selection": {"query": query}}, headers=headers)
    return [row["message_id"] for row in answer.json()["rows"]] if answer.status_code == 200 else answer


def test_a_letter_is_found_whatever_its_id_ends_in(filled: ManagerAddress) -> None:
    name = quote("one/payload", safe="")
    assert filled.ask("GET", f"/dlq/letters/{name}").json()["message_id"] == "one/payload"
    assert filled.ask("GET", f"/dlq/payloads/{name}").content == b"{}"
    assert filled.ask("GET", "/dlq/payloads/one").content == BODY
    assert filled.ask("GET", f"/dlq/letters/{name}/payload").content == b"{}"


def test_owner_me_is_who_asks(filled: ManagerAddress) -> None:
    wanted = {"version": 1, "owner": 'ann "a"', "note": "", "priority": 0, "labels": [], "author": "ann"}
    assert filled.ask("PUT", "/dlq/letters/one/attributes", json=wanted).status_code == 200
    assert found(filled, "owner:me", **{"X-Operator": 'ann "a"'}) == ["one"]
    assert found(filled, "-owner:me", **{"X-Operator": 'ann "a"'}) == ["one/payload"]
    assert found(filled, "owner:me", **{"X-Operator": "bob"}) == []
    refused = found(filled, "owner:me")
    assert (refused.status_code, "who asks" in refused.text) == (422, True)
    asked = {"kind": "discard", "selection": {"query": "owner:me"}, "author": 'ann "a"', "reason": "r"}
    made = filled.ask("POST", "/dlq/operations", json=asked).json()
    assert made["total"] == 1
    assert "me" not in made["selection"]["query"]
    assert with_caller('title:"owner:me"', "ann") == 'title:"owner:me"'


def test_the_outcome_class_can_be_asked_for(filled: ManagerAddress) -> None:
    assert found(filled, "outcome:throttled") == ["one"]
    assert found(filled, "outcome:none") == ["one/payload"]


def test_an_address_in_a_query_is_text() -> None:
    assert parse("http://a.b/c?d=e:f -https://x") == (
        Term(TEXT, "http://a.b/c?d=e:f"),
        Term(TEXT, "https://x", negated=True),
    )


def test_an_export_leaves_an_audit_entry(filled: ManagerAddress) -> None:
    asked = {"selection": {"query": "id:one"}, "author": "ann"}
    answer = filled.ask("POST", "/dlq/export", json=asked)
    with filled.operations.connect() as connection:
        rows = connection.execute("SELECT actor, letters, bytes, selection FROM dead_letters.exports")
        [(actor, letters, size, selection)] = rows.fetchall()
    assert (actor, letters, size) == ("ann", 2, len(answer.content))
    assert selection["query"] == "id:one"


def bounces(served: ManagerAddress) -> list[bool]:
    return [cause["bounces"] for cause in served.ask("GET", "/dlq/causes").json()["causes"]]


async def test_a_cause_bounces_as_long_as_such_letters_are_open(served: ManagerAddress, pool: Pool) -> None:
    wait_until(lambda: len(served.ask("GET", "/dlq/stats").json().get("queue_stats", ())) == 3)
    bench = Workbench(pool)
    await bench.broker.declare(QUEUES)
    manager = Manager(pool, bench.broker)
    await manager.take(dead("other"))
    await manager.take(dead())
    for generation in (1, 2):
        await manager.operations.replay("letter-1", "ann")
        wait_until(lambda: served.ask("GET", "/dlq/letters/letter-1").json()["state"] == "in_flight")
        assert bounces(served) == [False]
        await manager.take(dead(generation=generation))
    assert bounces(served) == [True]
    await manager.operations.discard("letter-1", "ann", "by test")
    assert bounces(served) == [False]


async def test_a_start_at_a_time_goes_by_the_databases_clock(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Workbench(pool)
    await bench.broker.declare(QUEUES)
    await Manager(pool, bench.broker).take(dead())
    operation = await bench.started(not_before=datetime.now(UTC) + timedelta(hours=1))
    monkeypatch.setattr("backend.services.dlq_manager.operation_runner.datetime", _AnHourAhead)
    await bench.runner.round()
    found = await bench.look(operation)
    assert (found.state, found.state_reason[:10]) == ("scheduled", "Starts at ")


class _AnHourAhead(datetime):
    @classmethod
    def now(cls, tz: Any = None) -> "_AnHourAhead":
        return super().now(tz) + timedelta(hours=2)


def gathered(*outcomes: Outcome) -> Gathered:
    answers = tuple(Answer(f"p{number}", "search", outcome) for number, outcome in enumerate(outcomes))
    return Gathered({}, answers, {})


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ((Outcome.THROTTLED,), "throttled"),
        ((Outcome.QUOTA, Outcome.QUOTA), "quota"),
        ((Outcome.FAILURE, Outcome.BREAKER_OPEN), "failure"),
        ((Outcome.BREAKER_OPEN,), "breaker_open"),
        ((Outcome.QUOTA, Outcome.FAILURE), None),
    ],
)
def test_failures_say_what_the_providers_did(outcomes: tuple[Outcome, ...], expected: str | None) -> None:
    assert nobody_answered(gathered(*outcomes)).outcome_class == expected


def test_an_outage_is_one_cause_whether_or_not_the_breaker_was_open() -> None:
    failed, held_back = (report(outcome_class=name) for name in ("failure", "breaker_open"))
    assert fingerprint(failed) == fingerprint(held_back)
    assert fingerprint(failed) != fingerprint(report(outcome_class="quota"))
