"""Acting on letters over HTTP: conflicts, repetitions, and what the answers say."""

import base64
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from urllib.parse import quote

import pytest

from backend.http import httpx
from tests.backend.services.dlq_manager.manager import BODY, ManagerAddress, dead
from tests.backend.services.dlq_manager.test_endpoints import ZOO, stored
from tests.waiting import wait_until


@pytest.fixture
async def filled(served: ManagerAddress) -> ManagerAddress:
    """Five failed letters and a quarantined one."""
    wait_until(lambda: len(served.ask("GET", "/dlq/stats").json().get("queue_stats", ())) == 3)
    await served.publish(*(dead(f"l-{number}") for number in range(5)), dead("odd", body=b"no json"))
    wait_until(lambda: stored(served, 6))
    return served


def control(
    served: ManagerAddress,
    command: str,
    message_id: str = "l-0",
    version: int = 1,
    key: str = "",
    **more: Any,
) -> httpx.Response:
    body = {"command": command, "version": version, "author": "ann", "reason": "by test", **more}
    headers = {"Idempotency-Key": key} if key else {}
    path = f"/dlq/letters/{quote(message_id, safe='')}/control"
    return served.ask("POST", path, json=body, headers=headers)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/dlq/letters/l-0/control"),
        ("POST", "/dlq/letters/l-0/edit"),
        ("PUT", "/dlq/letters/l-0/attributes"),
        ("GET", "/dlq/letters/l-0/payload"),
        ("PUT", "/dlq/causes/abc/note"),
        ("POST", "/dlq/export"),
    ],
)
def test_acting_needs_the_token(served: ManagerAddress, method: str, path: str) -> None:
    assert served.ask(method, path, token="guess").status_code == 401


def test_the_course_of_a_letter_in_commands(filled: ManagerAddress) -> None:
    steps = [
        ("quarantine", "quarantined"),
        ("release", "failed"),
        ("discard", "discarded"),
        ("undo", "failed"),
        ("quarantine", "quarantined"),
        ("discard", "discarded"),
        ("undo", "quarantined"),
        ("undo", "failed"),
    ]
    for version, (command, state) in enumerate(steps, start=1):
        answer = control(filled, command, version=version)
        assert answer.status_code == 200, answer.text
        assert (answer.json()["state"], answer.json()["version"]) == (state, version + 1)
        assert (answer.json()["purge_at"] is not None) == (state == "discarded")
    letter = answer.json()
    assert [entry["actor"] for entry in letter["audit"][1:]] == ["ann"] * len(steps)
    assert {entry["reason"] for entry in letter["audit"][1:]} == {"by test"}


def test_commands_that_cannot_be_done_say_what_to_do(filled: ManagerAddress) -> None:
    refused = control(filled, "discard", reason=" ")
    assert (refused.status_code, refused.json()["detail"][:8]) == (422, "Say why:")
    assert control(filled, "retry", "nope").status_code == 404
    wrong = control(filled, "release")
    assert wrong.status_code == 409
    assert wrong.json()["detail"] == (
        "Dead letter l-0 is failed; release is possible for quarantined ones only. Nothing was done."
    )
    nothing = control(filled, "undo", "odd")
    assert (nothing.status_code, "Release it instead" in nothing.json()["detail"]) == (409, True)
    assert control(filled, "discard", reason="NUL \x00").status_code == 422
    assert control(filled, "explode").status_code == 422


@pytest.mark.parametrize(
    ("one", "other"), [("retry", "retry"), ("retry", "discard"), ("discard", "quarantine")]
)
def test_of_two_operators_one_wins_and_the_other_is_told_who(
    filled: ManagerAddress, one: str, other: str
) -> None:
    """T9: the same row, seen in the same version."""
    with ThreadPoolExecutor(2) as both:
        answers = list(
            both.map(
                lambda chosen: control(filled, chosen[0], author=chosen[1]), [(one, "ann"), (other, "bob")]
            )
        )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    won, lost = sorted(answers, key=lambda answer: answer.status_code)
    winner = won.json()["audit"][1]["actor"]
    told = lost.json()["detail"]
    assert "has changed since you looked at it" in told
    assert winner in told or "outbox" in told
    sent = filled.ask("GET", "/dlq/stats").json()["queue_stats"]["enrichment.requests"]
    assert sent <= 1


def test_an_edit_and_a_retry_of_one_version_do_not_both_happen(filled: ManagerAddress) -> None:
    edit = {"version": 1, "payload_text": "{}", "retry": True, "author": "bob", "reason": "typo"}
    with ThreadPoolExecutor(2) as both:
        asked = [
            both.submit(filled.ask, "POST", "/dlq/letters/l-0/edit", json=edit),
            both.submit(control, filled, "retry"),
        ]
        answers = [one.result() for one in asked]
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    wait_until(lambda: state_of(filled) == "in_flight")
    with filled.operations.connect() as connection:
        sent = connection.execute("SELECT body FROM broker.messages WHERE queue = 'enrichment.requests'")
        expected = b"{}" if answers[0].status_code == 200 else BODY
        assert [bytes(row[0]) for row in sent.fetchall()] == [expected]


def is_in_flight(served: ManagerAddress, message_id: str) -> bool:
    return state_of(served, message_id) == "in_flight"


def state_of(served: ManagerAddress, message_id: str = "l-0") -> str:
    return str(served.ask("GET", f"/dlq/messages/{message_id}").json()["state"])


def test_a_request_repeated_after_a_lost_answer_acts_once(filled: ManagerAddress) -> None:
    answers = [control(filled, "retry", key="k-1") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 3
    wait_until(lambda: state_of(filled) == "in_flight")
    assert control(filled, "retry", key="k-1").json()["generation"] == 1
    other = control(filled, "discard", "l-1", key="k-1")
    assert (other.status_code, "Take a new key" in other.json()["detail"]) == (422, True)
    assert state_of(filled, "l-1") == "failed"


def test_no_news_can_be_given_up_on_or_resolved(filled: ManagerAddress) -> None:
    for name in ("l-0", "l-1"):
        control(filled, "retry", name)
        wait_until(partial(is_in_flight, filled, name))
    given_up = control(filled, "give_up_waiting", version=3).json()
    assert (given_up["state"], given_up["generation"]) == ("failed", 1)
    resolved = control(filled, "resolve", "l-1", version=3).json()
    assert resolved["proof"] == {"kind": "operator", "author": "ann", "reason": "by test"}


async def test_every_payload_is_opened_edited_and_sent_byte_for_byte(served: ManagerAddress) -> None:
    """T15, G15: the bytes that come in are the bytes that are shown, edited and sent."""
    wait_until(lambda: len(served.ask("GET", "/dlq/stats").json().get("queue_stats", ())) == 3)
    await served.publish(*(dead(name, body=body) for name, body in ZOO.items()), dead("target"))
    wait_until(lambda: stored(served, len(ZOO) + 1))
    for version, (name, body) in enumerate(ZOO.items(), start=1):
        path = f"/dlq/letters/{quote(name, safe='')}/payload"
        assert served.ask("GET", path).content == body
        edit = {
            "version": version,
            "payload_base64": base64.b64encode(body).decode(),
            "author": "ann",
            "reason": "zoo",
        }
        answer = served.ask("POST", "/dlq/letters/target/edit", json=edit)
        assert answer.status_code == 200, answer.text
        assert served.ask("GET", f"/dlq/letters/target/payload?revision={version}").content == body
    assert served.ask("GET", "/dlq/letters/target/payload").content == BODY
    letter = answer.json()
    assert [revision["sha256"] for revision in letter["revisions"]] == [
        served.ask("GET", f"/dlq/messages/{quote(name, safe='')}").json()["payload_sha256"] for name in ZOO
    ]
    assert control(served, "retry", "target", len(ZOO) + 1).status_code == 200
    wait_until(lambda: state_of(served, "target") == "in_flight")
    with served.operations.connect() as connection:
        sent = connection.execute("SELECT body FROM broker.messages WHERE queue = 'enrichment.requests'")
        assert [bytes(row[0]) for row in sent.fetchall()] == [list(ZOO.values())[-1]]


def test_an_unknown_payload_is_not_found(filled: ManagerAddress) -> None:
    assert filled.ask("GET", "/dlq/letters/nope/payload").status_code == 404
    assert filled.ask("GET", "/dlq/letters/l-0/payload?revision=1").status_code == 404


def test_attributes_and_notes_over_http(filled: ManagerAddress) -> None:
    wanted = {"version": 1, "owner": "ann", "note": "", "priority": 2, "labels": ["vip"], "author": "ann"}
    letter = filled.ask("PUT", "/dlq/letters/l-0/attributes", json=wanted).json()
    assert (letter["owner"], letter["priority"], letter["labels"], letter["version"]) == (
        "ann",
        2,
        ["vip"],
        2,
    )
    assert filled.ask("PUT", "/dlq/letters/l-0/attributes", json=wanted).status_code == 409
    path = f"/dlq/causes/{letter['fingerprint']}/note"
    change = {"version": 0, "note": "ask the label", "author": "ann"}
    assert filled.ask("PUT", path, json=change).json()["version"] == 1
    refused = filled.ask("PUT", path, json={**change, "author": "bob"})
    assert (refused.status_code, refused.json()["detail"][:21]) == (409, "ann changed this note")
    assert filled.ask("PUT", "/dlq/causes/nope/note", json=change).status_code == 404
