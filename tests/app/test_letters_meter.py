"""What the overview learns from the meter of the dead letters."""

from datetime import UTC, datetime

import pytest

from app.letters_meter import missing, threatened
from backend.clients.services import Answer
from backend.contracts.dead_letter_views import Meter, ProblemKind
from backend.contracts.stack import StackStatus
from backend.deployment.attention import meter_findings

NOW = datetime(2026, 11, 23, 14, 42, tzinfo=UTC)


def answer(**more: object) -> Answer:
    meter = Meter(at=NOW, received=5, by_state={"failed": 5}, difference=0)
    return Answer(200, meter.model_copy(update=more).model_dump(mode="json"), 1.0)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (answer(), 0),
        (answer(difference=2), 2),
        (answer(verified_difference=-1), -1),
        (Answer(503, {"detail": "no"}, 1.0), None),
        (Answer(200, {"meter": "of another release"}, 1.0), None),
        (None, None),
    ],
)
def test_what_is_missing(given: Answer | None, expected: int | None) -> None:
    assert missing(given) == expected


def test_what_is_only_not_known_needs_nobody() -> None:
    given = answer(
        problems=["The policies could not be checked.", "The disk is full."],
        problem_kinds=[ProblemKind.POLICIES_UNCHECKED, ProblemKind.DISK_FULL],
    )
    assert threatened(given) == ("The disk is full.",)


def test_a_meter_that_does_not_balance_is_a_failure_with_a_remedy() -> None:
    status = StackStatus(environment="sandbox", measured_at=NOW, deployed=True, letters_missing=2)
    found = list(meter_findings(status))
    assert [one.title for one in found] == ["The dead-letter meter does not balance: 2 missing"]
    assert found[0].state == "failed"
    assert "Retry, discard and purge nothing" in found[0].remedy
    assert list(meter_findings(status.model_copy(update={"letters_missing": 0}))) == []
