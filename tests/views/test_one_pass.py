"""Several changes to what is visible cost one layout pass."""

from PySide6.QtCore import QRect
from PySide6.QtWidgets import QHBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from views.widgets.base import add_shown, label, one_pass
from views.widgets.stepper import Stepper


class CountingLayout(QHBoxLayout):
    """Counts how often it laid out its widgets."""

    passes = 0

    def setGeometry(self, area: QRect) -> None:  # noqa: N802
        self.passes += 1
        super().setGeometry(area)


def _shown(qtbot: QtBot, layout: QHBoxLayout) -> QWidget:
    window = QWidget()
    window.setLayout(layout)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    return window


def test_showing_five_widgets_lays_out_once(qtbot: QtBot) -> None:
    layout = CountingLayout()
    window = _shown(qtbot, layout)
    layout.passes = 0
    with one_pass(layout):
        for number in range(5):
            add_shown(layout, label(str(number)))
        assert layout.passes == 0
    qtbot.waitUntil(lambda: layout.passes > 0)
    assert layout.passes <= 2  # one for each without it
    assert all(child.isVisible() for child in window.findChildren(QWidget))


def test_another_route_of_the_stepper_does_not_lay_out_the_window_for_each_word(qtbot: QtBot) -> None:
    layout = CountingLayout()
    stepper = Stepper()
    layout.addWidget(stepper)
    window = _shown(qtbot, layout)
    stepper.show_route(["Options", "Plan", "Confirm", "Run"], 0)
    qtbot.wait(1)
    layout.passes = 0
    stepper.show_route(["Options", "Plan", "Confirm", "Run"], 1)
    qtbot.wait(1)
    assert window.isVisible()
    assert layout.passes <= 2
