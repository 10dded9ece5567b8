"""Fixtures of the view tests. The platform is chosen before Qt is imported."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtWidgets import QApplication

from views.theme.theme import Theme


@pytest.fixture(scope="session")
def theme(qapp: QApplication) -> Theme:
    """The theme of the session's application, dark."""
    theme = Theme(qapp, qapp)
    theme.install("dark")
    return theme
