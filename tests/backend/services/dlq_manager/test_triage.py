"""What the triage screen reads: pages in both directions, causes, the time strip, the meter, the stream."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backend.contracts.dead_letter_query import QueryError, complete, parse
from backend.database.address import DatabaseAddress
from backend.http import httpx
from backend.services.dlq_manager.app import create_app
from tests.backend.services.dlq_manager.conftest import settings_for
from tests.backend.services.dlq_manager.manager import TOKEN, ManagerAddress
from tests.fixtures.dead_letter_rows import fill
from tests.fixtures.provider_simulator import serving
from tests.waiting import wait_until

LETTERS = 500


@pytest.fixture
def filled(served: ManagerAddress) -> ManagerAddress:
    """Five hundred failed letters of five causes, over the last week."""
    wait_until(lambda: len(served.ask("GET", "/dlq/stats").json().get("queue_stats", ())) == 3)
    fill(served.operations, LETTERS, causes=5, payload_bytes=20)
    return served


def page(served: ManagerAddress, **asked: Any) -> dict[str, Any]:
    answer = served.ask("POST", "/dlq/page", json=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def ids(found: dict[str, Any]) -> list[str]:
    return [row["message_id"] for row in found["rows"]]


def test_pages_join_without_gap_in_both_directions(filled: ManagerAddress) -> None:
    whole = ids(page(filled, limit=LETTERS))
    assert len(set(whole)) == LETTERS
    found = page(filled, limit=70)
    assert (found["position"], found["preceding"], found["total"]) == (0, None, LETTERS)
    forward = ids(found)
    while found["following"]:
        found = page(filled, limit=70, after=found["following"])
        forward += ids(found)
    assert forward == whole
    backward = ids(found)
    while found["preceding"]:
        found = page(filled, limit=70, before=found["preceding"])
        backward = ids(found) + backward
    assert backward == whole
    assert found["position"] == 0


@pytest.mark.parametrize("fraction", [0.1, 0.5, 0.9])
def test_a_jump_lands_near_its_place(filled: ManagerAddress, fraction: float) -> None:
    whole = ids(page(filled, limit=LETTERS))
    landed = ids(page(filled, limit=10, at_fraction=fraction))
    assert abs(whole.index(landed[0]) - fraction * LETTERS) <= 10


@pytest.mark.parametrize(
    ("query", "condition"),
    [
        ('artist:"Artist 17"', "artist ILIKE '%%Artist 17%%'"),
        ("title:42", "title ILIKE '%%42%%'"),
        ("provider:none", "provider IS NULL"),
        ("-provider:spotify", "provider IS DISTINCT FROM 'spotify'"),
        ("age:>90000d", "false"),
        ("error:noprovider provider:discogs", "provider = 'discogs'"),
        ("age:<1d", "failed_at > now() - interval '1 day'"),
        ("attempts:>1", "false"),
        ("503 provider:none age:>2d", "error_message LIKE '%%503%%' AND provider IS NULL "
         "AND failed_at < now() - interval '2 days'"),
        ("id:m-49", "message_id LIKE 'm-49%%'"),
        ("error:NoProvider", "true"),
        ("100%", "false"),
        ("state:quarantined", "false"),
    ],
)  # fmt: skip
def test_queries_find_what_sql_finds(filled: ManagerAddress, query: str, condition: str) -> None:
    with filled.operations.connect() as connection:
        statement = f"SELECT message_id FROM dead_letters.messages WHERE {condition.replace('%%', '%')}"
        expected = {row[0] for row in connection.execute(statement.encode()).fetchall()}
    found = page(filled, limit=LETTERS, selection={"query": query})
    assert set(ids(found)) == expected
    assert (found["total"], found["total_is_exact"]) == (len(expected), True)


def test_causes_add_up_and_are_explained(filled: ManagerAddress) -> None:
    with filled.operations.connect(autocommit=True) as connection:
        connection.execute(
            """INSERT INTO dead_letters.intervals (kind, subject, source_key, started_at, ended_at)
            VALUES ('breaker_open', 'discogs', 'k', now() - interval '3 days', now() - interval '1 day')"""
        )
    found = filled.ask("GET", "/dlq/causes").json()
    causes = {cause["provider"]: cause for cause in found["causes"]}
    assert sum(cause["open"] for cause in causes.values()) == LETTERS
    explained = causes["discogs"]["explained"]
    assert [one["interval"]["subject"] for one in explained] == ["discogs"]
    assert 0.2 < explained[0]["share"] < 0.4
    assert not causes["spotify"]["explained"]
    assert causes["discogs"]["title"] == "501 from discogs"


@pytest.mark.parametrize("span", [timedelta(hours=3), timedelta(days=8), timedelta(days=60)])
def test_the_strip_counts_every_letter_of_its_span(filled: ManagerAddress, span: timedelta) -> None:
    end = datetime.now(UTC) + timedelta(minutes=1)
    asked = {"begin": (end - span).isoformat(), "end": end.isoformat()}
    strip = filled.ask("GET", "/dlq/timeline", params=asked).json()
    begin = datetime.fromisoformat(strip["slices"][0]["start"])
    with filled.operations.connect() as connection:
        row = connection.execute(
            "SELECT count(*) FROM dead_letters.messages WHERE failed_at >= %s", (begin,)
        ).fetchone()
    assert row is not None
    assert sum(one["count"] for one in strip["slices"]) == row[0]
    assert len(strip["slices"]) <= 241


def test_the_meter_balances_and_is_verified(filled: ManagerAddress) -> None:
    def verified() -> dict[str, Any] | None:
        meter: dict[str, Any] = filled.ask("GET", "/dlq/meter").json()
        return meter if meter["verified_at"] else None

    wait_until(verified)
    meter = verified()
    assert meter is not None
    assert (meter["received"], meter["difference"], meter["verified_difference"]) == (LETTERS, 0, 0)
    assert meter["by_state"]["failed"] == LETTERS


def test_a_letter_that_vanished_shows_in_the_meter(filled: ManagerAddress) -> None:
    with filled.operations.connect(autocommit=True) as connection:
        connection.execute("INSERT INTO dead_letters.receipts (count) VALUES (1)")
    assert filled.ask("GET", "/dlq/meter").json()["difference"] == 1


def test_a_queue_with_other_properties_is_named_by_the_meter(operations_db: DatabaseAddress) -> None:
    """It is not consumed, and nothing is put into it, until somebody has looked at it."""
    with operations_db.connect(autocommit=True) as connection:
        connection.execute("INSERT INTO broker.queues (name) VALUES ('enrichment.dead')")
        connection.execute(
            "INSERT INTO broker.queues (name, delivery_limit, dead_letter_queue) "
            "VALUES ('enrichment.requests', 3, 'enrichment.dead')"
        )
    with serving(create_app(settings_for(operations_db))) as url:
        served = ManagerAddress(url, operations_db)
        wait_until(lambda: served.ask("GET", "/dlq/meter").json().get("problems"))
        problems = served.ask("GET", "/dlq/meter").json()["problems"]
    assert any("enrichment.dead is not consumed" in problem for problem in problems)
    assert any("enrichment" in problem for problem in problems)


def test_the_stream_says_how_it_stands(filled: ManagerAddress) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with httpx.stream("GET", f"{filled.url}/dlq/events", headers=headers, timeout=10) as answer:
        lines = answer.iter_lines()
        assert next(lines) == "event: meter"
        meter = json.loads(next(lines).removeprefix("data: "))
        assert meter["received"] == LETTERS
        assert next(line for line in lines if line.startswith("event:")) == "event: meter"


@pytest.mark.parametrize("path", ["/dlq/causes", "/dlq/meter", "/dlq/events", "/dlq/operations"])
def test_reading_needs_the_token(served: ManagerAddress, path: str) -> None:
    assert served.ask("GET", path, token="guess").status_code == 401


@pytest.mark.parametrize(
    ("query", "position", "told"),
    [
        ("artist:", 0, "not complete"),
        ('title:x "open', 8, "quotation mark"),
        ("x artst:y", 2, "Possible: artist"),
        ("attempts:many", 0, "a number"),
        ("age:2h", 0, "age:<2h"),
        ("state:gone", 0, "no state"),
    ],
)
def test_a_query_that_cannot_be_read_says_where_and_what(query: str, position: int, told: str) -> None:
    with pytest.raises(QueryError, match=told) as caught:
        parse(query)
    assert caught.value.position == position


def test_completions_go_on_from_what_is_typed() -> None:
    assert complete("artist:x pro") == ["artist:x provider:"]
    assert complete("-state:qu") == ["-state:quarantined"]
    assert "age:" in complete("")
