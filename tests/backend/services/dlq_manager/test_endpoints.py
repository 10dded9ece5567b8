"""The dead-letter manager over HTTP, with its consumers at work."""

from urllib.parse import quote

import pytest

from backend.contracts.dead_letters import DeadLetterState
from backend.services.dlq_manager.routes import CURSOR_HEADER
from tests.backend.services.dlq_manager.manager import ManagerAddress, dead
from tests.waiting import wait_until

S = DeadLetterState


def stored(served: ManagerAddress, count: int) -> bool:
    return bool(served.ask("GET", "/dlq/stats").json()["total_messages"] == count)


@pytest.fixture
async def filled(served: ManagerAddress) -> ManagerAddress:
    """Seven dead letters of two kinds."""
    wait_until(lambda: served.ask("GET", "/dlq/stats").status_code == 200)
    wait_until(lambda: len(served.ask("GET", "/dlq/stats").json()["queue_stats"]) == 3)
    await served.publish(*(dead(f"a-{number}", error="no route", provider="deezer") for number in range(4)))
    await served.publish(*(dead(f"b-{number}", error="quota", provider="spotify") for number in range(3)))
    wait_until(lambda: stored(served, 7))
    return served


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/dlq/messages"),
        ("GET", "/dlq/messages/a-0"),
        ("GET", "/dlq/errors/grouped"),
        ("POST", "/dlq/replay/a-0"),
        ("POST", "/dlq/replay/batch"),
        ("DELETE", "/dlq/message/a-0"),
    ],
)
def test_everything_but_the_figures_needs_the_token(served: ManagerAddress, method: str, path: str) -> None:
    assert served.ask(method, path, token=None).status_code == 401
    assert served.ask(method, path, token="guess").status_code == 401
    for free in ("/dlq/stats", "/health", "/metrics"):
        assert served.ask("GET", free, token=None).status_code == 200


def test_figures_keep_the_references_names(filled: ManagerAddress) -> None:
    figures = filled.ask("GET", "/dlq/stats").json()
    assert (figures["total_pending"], figures["total_messages"]) == (7, 7)
    assert figures["by_error_type"] == {"NoProviderAnswered": 7}
    assert figures["by_service"] == {"metadata-enrichment": 7}
    assert 0 <= figures["newest_message_age_seconds"] <= figures["oldest_message_age_seconds"] < 60
    assert figures["queue_stats"]["enrichment.dead"] == 0


def test_pages_by_cursor_and_by_offset_show_every_letter_once(filled: ManagerAddress) -> None:
    first = filled.ask("GET", "/dlq/messages", params={"limit": 3})
    seen = [letter["message_id"] for letter in first.json()]
    cursor = first.headers[CURSOR_HEADER]
    while cursor:
        page = filled.ask("GET", "/dlq/messages", params={"limit": 3, "cursor": cursor})
        seen += [letter["message_id"] for letter in page.json()]
        cursor = page.headers.get(CURSOR_HEADER, "")
    assert len(seen) == len(set(seen)) == 7
    by_offset = [
        letter["message_id"]
        for offset in (0, 3, 6)
        for letter in filled.ask("GET", "/dlq/messages", params={"limit": 3, "offset": offset}).json()
    ]
    assert by_offset == seen


@pytest.mark.parametrize("cursor", ["", "rubbish", "W10=", "bnVsbA=="])
def test_a_foreign_cursor_is_refused(served: ManagerAddress, cursor: str) -> None:
    assert served.ask("GET", "/dlq/messages", params={"cursor": cursor}).status_code == 422


def test_groups_are_ways_of_failing(filled: ManagerAddress) -> None:
    groups = filled.ask("GET", "/dlq/errors/grouped").json()
    assert [(group["provider"], group["count"]) for group in groups] == [("deezer", 4), ("spotify", 3)]
    assert set(groups[0]["sample_messages"]) == {"a-0", "a-1", "a-2", "a-3"}
    listed = filled.ask("GET", "/dlq/messages", params={"fingerprint": groups[1]["fingerprint"]}).json()
    assert {letter["message_id"] for letter in listed} == {"b-0", "b-1", "b-2"}


def test_the_batch_endpoint_is_not_taken_for_an_id(filled: ManagerAddress) -> None:
    wanted = ["a-0", "a-1", "a-1", "nope"]
    answer = filled.ask("POST", "/dlq/replay/batch", json={"message_ids": wanted}).json()
    assert answer == {
        "success": False,
        "replayed_count": 2,
        "failed_count": 1,
        "errors": ["There is no dead letter nope."],
    }
    wait_until(lambda: filled.ask("GET", "/dlq/stats").json()["queue_stats"]["enrichment.requests"] == 2)
    assert filled.ask("GET", "/dlq/stats").json()["total_replayed"] == 2


def test_a_single_replay_and_its_conflict(filled: ManagerAddress) -> None:
    assert filled.ask("POST", "/dlq/replay/b-0").json()["success"] is True
    assert filled.ask("POST", "/dlq/replay/b-0").status_code == 409
    assert filled.ask("POST", "/dlq/replay/nope").status_code == 404


async def test_an_id_may_have_any_characters(served: ManagerAddress) -> None:
    wait_until(lambda: len(served.ask("GET", "/dlq/stats").json()["queue_stats"]) == 3)
    name = "a/b c?d#ü"
    await served.publish(dead(name))
    wait_until(lambda: stored(served, 1))
    path = quote(name, safe="")
    assert served.ask("GET", f"/dlq/messages/{path}").json()["message_id"] == name
    assert served.ask("POST", f"/dlq/replay/{path}").json()["success"] is True


def test_discarding_needs_a_reason_and_keeps_the_letter(filled: ManagerAddress) -> None:
    assert filled.ask("DELETE", "/dlq/message/a-0").status_code == 422
    assert filled.ask("DELETE", "/dlq/message/a-0", json={"reason": "test data"}).json()["success"] is True
    assert filled.ask("DELETE", "/dlq/message/a-1?reason=test+data").status_code == 200
    letter = filled.ask("GET", "/dlq/messages/a-0").json()
    assert (letter["state"], letter["audit"][-1]["reason"]) == (S.DISCARDED, "test data")
    listed = filled.ask("GET", "/dlq/messages").json()
    assert "a-0" not in {shown["message_id"] for shown in listed}
    discarded = filled.ask("GET", "/dlq/messages", params={"state": "discarded"}).json()
    assert {shown["message_id"] for shown in discarded} == {"a-0", "a-1"}


def test_metrics_show_what_happened(filled: ManagerAddress) -> None:
    filled.ask("POST", "/dlq/replay/a-0")
    filled.ask("DELETE", "/dlq/message/b-0", json={"reason": "test data"})
    filled.ask("GET", "/dlq/stats")
    series = filled.ask("GET", "/metrics").text
    assert 'dlq_messages_by_error_type{error_type="NoProviderAnswered"} 5.0' in series
    assert 'dlq_messages_total{queue="pending"} 5.0' in series
    assert 'dlq_replay_total{status="success"} 1.0' in series
    assert "dlq_message_age_seconds_count 1.0" in series
    assert 'dlq_intake_total{result="new"} 7.0' in series


ZOO = {
    "empty": b"",
    "nul": b"\x00\x00",
    "escaped nul": b'{"a": "\\u0000"}',
    "half a surrogate pair": b'{"a": "\\ud800"}',
    "not a number": b'{"a": NaN}',
    "largest integer": b'{"a": 9223372036854775807, "b": 123456789012345678901234567890}',
    "a number of 5000 digits": b"9" * 5000,
    "deep": b"[" * 300 + b"]" * 300,
    "very deep": b"[" * 50_000 + b"]" * 50_000,
    "compressed": bytes.fromhex("1f8b0800000000000003ab050043bfa6a302000000"),
    "large": b'"' + b"x" * 3_000_000 + b'"',
}


async def test_every_payload_is_kept_shown_and_sent_again_byte_for_byte(served: ManagerAddress) -> None:
    wait_until(lambda: len(served.ask("GET", "/dlq/stats").json()["queue_stats"]) == 3)
    odd_error = "NUL \x00 and \U0001f4a5"
    await served.publish(*(dead(name, body=body, error=odd_error) for name, body in ZOO.items()))
    wait_until(lambda: stored(served, len(ZOO)))
    listed = served.ask("GET", "/dlq/messages")
    assert listed.status_code == 200
    assert {letter["message_id"] for letter in listed.json()} == set(ZOO)
    answer = served.ask("POST", "/dlq/replay/batch", json={"message_ids": list(ZOO)}).json()
    assert (answer["success"], answer["replayed_count"]) == (True, len(ZOO))
    wait_until(
        lambda: served.ask("GET", "/dlq/stats").json()["queue_stats"]["enrichment.requests"] == len(ZOO)
    )
    with served.operations.connect() as connection:
        sent = connection.execute(
            "SELECT message_id, body FROM broker.messages WHERE queue = 'enrichment.requests'"
        ).fetchall()
    assert {message_id: bytes(body) for message_id, body in sent} == ZOO
