from collections.abc import Callable

import pytest
from pytestqt.qtbot import QtBot

from controllers.breakers_readings import BreakerReadings
from controllers.operations import Deliver
from tests.gui.sample.clock import StoppedClock
from tests.gui.sample.providers import SampleProviders


class WaitingTicket:
    def cancel(self) -> None:
        """The call is never delivered anyway."""


class SlowBackground:
    """Answers nothing until it is told to."""

    def __init__(self) -> None:
        self.calls: list[tuple[Callable[[], object], Deliver]] = []

    def submit(self, call: Callable[[], object], deliver: Deliver) -> WaitingTicket:
        self.calls.append((call, deliver))
        return WaitingTicket()

    def answer(self) -> None:
        waiting, self.calls = self.calls, []
        for call, deliver in waiting:
            deliver(call(), None)


@pytest.fixture
def slow() -> SlowBackground:
    return SlowBackground()


@pytest.fixture
def readings(qapp: object, slow: SlowBackground, clock: StoppedClock) -> BreakerReadings:
    readings = BreakerReadings(SampleProviders(clock), slow)
    readings.set_environment("sandbox")
    readings.select("discogs")
    return readings


def test_nothing_is_read_until_the_screen_is_shown(readings: BreakerReadings, slow: SlowBackground) -> None:
    assert slow.calls == []
    readings.set_shown(True)
    assert len(slow.calls) == 4


def test_a_slow_answer_is_waited_for_and_not_asked_for_again(
    readings: BreakerReadings, slow: SlowBackground
) -> None:
    heard: list[object] = []
    readings.sparks.connect(heard.append)
    readings.set_shown(True)
    readings._again.timeout.emit()
    assert len(slow.calls) == 4
    slow.answer()
    assert len(heard) == 1
    readings._again.timeout.emit()
    assert len(slow.calls) == 4


def test_an_answer_for_the_provider_before_is_dropped(
    readings: BreakerReadings, slow: SlowBackground
) -> None:
    heard: list[object] = []
    readings.impact.connect(heard.append)
    readings.set_shown(True)
    readings.select("spotify")
    slow.answer()
    assert [getattr(impact, "provider", "") for impact in heard] == ["spotify"]


def test_changes_that_come_together_are_read_once(
    readings: BreakerReadings, slow: SlowBackground, qtbot: QtBot
) -> None:
    readings.set_shown(True)
    slow.answer()
    for _ in range(5):
        readings.refresh_soon()
    assert slow.calls == []
    readings._soon.timeout.emit()
    assert len(slow.calls) == 4
