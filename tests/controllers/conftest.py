"""Fixtures of the controller tests: sample ports and a background that answers at once."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest

from tests.gui.sample.background import ImmediateBackground
from tests.gui.sample.clock import StoppedClock
from tests.gui.sample.runs import SampleRuns
from tests.gui.sample.stack import SampleStack


@pytest.fixture
def background() -> ImmediateBackground:
    return ImmediateBackground()


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def runs(clock: StoppedClock) -> SampleRuns:
    return SampleRuns(clock)


@pytest.fixture
def stack(clock: StoppedClock) -> SampleStack:
    return SampleStack(clock)
