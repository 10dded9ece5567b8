from datetime import UTC, datetime
from time import perf_counter

from PySide6.QtCore import QModelIndex
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from backend.contracts.runs import OutputLine
from controllers.log_model import SHOWN_CHARACTERS, LogModel, visible

AT = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


def lines(first: int, number: int, source: str = "probe") -> list[OutputLine]:
    return [
        OutputLine(sequence=place, at=AT, step="deploy", source=source, text=f"line {place}")
        for place in range(first, first + number)
    ]


def test_model_is_consistent(qtmodeltester: ModelTester, qtbot: QtBot) -> None:
    model = LogModel()
    model.append(lines(1, 20))
    qtmodeltester.check(model)  # type: ignore[no-untyped-call]
    model.append(lines(21, 20, "gateway"))
    model.show_source("gateway")
    model.append(lines(41, 5, "gateway") + lines(46, 5))
    assert model.rowCount() == 25
    model.show_source(None)
    assert model.rowCount() == 50


def test_the_oldest_lines_are_dropped_and_counted(qtmodeltester: ModelTester, qtbot: QtBot) -> None:
    model = LogModel(capacity=1_000)
    qtmodeltester.check(model)  # type: ignore[no-untyped-call]
    model.show_source("probe")
    for first in range(1, 10_001, 500):
        model.append(lines(first, 250) + lines(first + 250, 250, "gateway"))
    assert model.total <= 1_000 + 5_000
    assert model.dropped + model.total == 10_000
    assert model.last_sequence == 10_000
    assert {model.line(row).source for row in range(model.rowCount())} == {"probe"}


def test_sources_are_announced_once(qtbot: QtBot) -> None:
    model = LogModel()
    heard: list[int] = []
    model.sources_changed.connect(lambda: heard.append(1))
    model.append(lines(1, 3))
    model.append(lines(4, 3))
    model.append(lines(7, 1, "gateway"))
    assert model.sources == ["probe", "gateway"]
    assert len(heard) == 2


def test_control_characters_become_visible() -> None:
    """Output can neither hide text nor forge a line of its own."""
    assert visible("a\x1b[2Kb\nc") == "a␛[2Kb␊c"
    assert len(visible("x" * 5_000)) == SHOWN_CHARACTERS


def test_copied_text_is_whole(qtbot: QtBot) -> None:
    model = LogModel()
    long = "y" * 2_000
    model.append([OutputLine(sequence=1, at=AT, step="deploy", source="probe", text=long)])
    assert long in model.text()
    assert model.data(model.index(0, 2)) == visible(long)
    assert model.data(QModelIndex()) is None


def test_a_hundred_thousand_lines_go_in_quickly(qtbot: QtBot) -> None:
    model = LogModel()
    batches = [lines(first, 2_000) for first in range(1, 100_001, 2_000)]
    begin = perf_counter()
    slowest = 0.0
    for batch in batches:
        at = perf_counter()
        model.append(batch)
        slowest = max(slowest, perf_counter() - at)
    assert model.total == 100_000
    assert slowest < 0.1, "one batch must not stall the window"
    assert perf_counter() - begin < 3
