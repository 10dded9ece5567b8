"""Everything that can have the focus has a name; every state has a word."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QWidget

from controllers import marks
from tests.gui.sample.stage import Stage
from tests.gui.scenes import SCENES, Scene


def focusable(window: QWidget) -> list[QWidget]:
    return [
        widget
        for widget in window.findChildren(QWidget)
        if widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
    ]


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_every_control_has_a_name(make_stage: object, scene: Scene) -> None:
    stage = make_stage(scene.environment)  # type: ignore[operator]
    assert isinstance(stage, Stage)
    scene.prepare(stage)
    window = stage.open()
    scene.play(stage)
    nameless = [
        f"{type(widget).__name__} {widget.objectName()}"
        for widget in focusable(window)
        if not QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name)
    ]
    assert nameless == []


@pytest.mark.parametrize(
    "table", [marks._STEPS, marks._CRITERIA, marks._RUNS, marks._SERVICES, marks._PROBES, marks._GATES]
)
def test_states_can_be_told_apart_without_colour(table: dict[object, marks.Mark]) -> None:
    words = [mark.word for mark in table.values()]
    assert len(set(words)) == len(words)
    assert all(words)


def test_every_row_speaks_its_state(stage: Stage) -> None:
    run = stage.keep_run(5)
    from controllers.run_rows import step_rows

    for row in step_rows(run, stage.clock()):
        assert row.mark.word in row.spoken
        assert row.mark.word.capitalize() in row.subtitle
