"""Deployments that are reported, and what they explain."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.backend.services.dlq_manager.manager import ManagerAddress, dead
from tests.waiting import wait_until

NOW = datetime.now(UTC)


def deployment(key: str, began: float, ended: float | None = None, **more: Any) -> dict[str, Any]:
    """One that began and ended so many minutes ago."""
    return {
        "kind": "deployment",
        "subject": "sandbox",
        "source_key": key,
        "started_at": (NOW - timedelta(minutes=began)).isoformat(),
        "ended_at": None if ended is None else (NOW - timedelta(minutes=ended)).isoformat(),
        **more,
    }


def report(served: ManagerAddress, *intervals: dict[str, Any]) -> int:
    answer = served.ask("POST", "/dlq/intervals", json={"intervals": list(intervals)})
    return answer.status_code


def kept(served: ManagerAddress) -> list[dict[str, Any]]:
    span = {"begin": (NOW - timedelta(days=1)).isoformat(), "end": (NOW + timedelta(hours=1)).isoformat()}
    found: list[dict[str, Any]] = served.ask("GET", "/dlq/timeline", params=span).json()["intervals"]
    return found


async def test_a_deployment_explains_what_failed_during_it(served: ManagerAddress) -> None:
    wait_until(lambda: len(served.ask("GET", "/dlq/stats").json().get("queue_stats", ())) == 3)
    assert report(served, deployment("run/1", began=3)) == 200
    await served.publish(dead("letter-1"))
    wait_until(lambda: served.ask("GET", "/dlq/causes").json()["causes"])
    [cause] = served.ask("GET", "/dlq/causes").json()["causes"]
    [explained] = cause["explained"]
    assert (explained["interval"]["kind"], explained["share"]) == ("deployment", 1.0)
    assert [one["ended_at"] for one in kept(served)] == [None]


def test_a_report_sent_again_changes_what_was_said_and_adds_nothing(served: ManagerAddress) -> None:
    wait_until(lambda: served.ask("GET", "/health").json()["status"] == "healthy")
    assert report(served, deployment("run/1", began=10, detail="begun")) == 200
    for _ in range(2):
        assert report(served, deployment("run/1", began=9, ended=5, detail="release 2")) == 200
    # A begin that is late takes the end back no more.
    assert report(served, deployment("run/1", began=9, detail="release 2")) == 200
    [one] = kept(served)
    assert one["ended_at"] is not None
    assert one["detail"] == "release 2"


def test_one_whose_end_nobody_told_ends_with_the_next(served: ManagerAddress) -> None:
    wait_until(lambda: served.ask("GET", "/health").json()["status"] == "healthy")
    other = deployment("run/0", began=40, subject="elsewhere")
    assert report(served, other, deployment("run/1", began=30), deployment("run/2", began=10)) == 200
    ends = {one["source_key"]: one["ended_at"] for one in kept(served)}
    assert ends["run/1"] is not None
    assert (ends["run/2"], ends["run/0"]) == (None, None)


def test_one_that_nobody_ends_lasts_two_hours_until_somebody_says_more(served: ManagerAddress) -> None:
    wait_until(lambda: served.ask("GET", "/health").json()["status"] == "healthy")
    assert report(served, deployment("run/1", began=200)) == 200
    wait_until(lambda: kept(served)[0]["ended_at"] is not None)
    [one] = kept(served)
    begun, ended = (datetime.fromisoformat(one[name]) for name in ("started_at", "ended_at"))
    assert ended - begun == timedelta(hours=2)
    assert report(served, deployment("run/1", began=200, ended=10)) == 200
    assert datetime.fromisoformat(kept(served)[0]["ended_at"]) == NOW - timedelta(minutes=10)


def test_what_makes_no_sense_is_refused(served: ManagerAddress) -> None:
    wait_until(lambda: served.ask("GET", "/health").json()["status"] == "healthy")
    assert report(served, deployment("run/1", began=5, ended=6)) == 422
    assert report(served, deployment("run/1", began=5, kind="quota")) == 422
    body = {"intervals": [deployment("run/1", began=5)]}
    assert served.ask("POST", "/dlq/intervals", token=None, json=body).status_code == 401
    assert kept(served) == []
