"""Guards against what the Qt binding has got wrong before."""

import sys

from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot


def test_void_methods_do_not_lose_references_to_none(qtbot: QtBot) -> None:
    """PySide6 6.12.0 lost one reference to None for each void call and aborted Python 3.11."""
    label = QLabel()
    qtbot.addWidget(label)
    before = sys.getrefcount(None)
    for _ in range(10_000):
        label.setText("x")
        label.update()
    assert sys.getrefcount(None) > before - 1000


def test_fonts_have_tabular_figures(qapp: QApplication, theme: object) -> None:
    """Numbers that change every second must not jump."""
    from PySide6.QtGui import QFontMetricsF

    from views.theme.fonts import ui_font

    metrics = QFontMetricsF(ui_font())
    assert metrics.horizontalAdvance("1111") == metrics.horizontalAdvance("0000")
