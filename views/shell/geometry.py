"""Where the window was, kept between starts and clamped to the screens there are now."""

from pathlib import Path

from PySide6.QtCore import QByteArray, QRect, QSettings, QSize
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

MINIMUM = QSize(1024, 700)
FIRST = QSize(1440, 900)
_KEY = "window/geometry"


class WindowMemory:
    """Keeps a window's geometry and the environment looked at in `file`."""

    def __init__(self, file: Path) -> None:
        self._settings = QSettings(str(file), QSettings.Format.IniFormat)

    def restore(self, window: QWidget) -> None:
        """Put `window` where it was, or in its first size; always inside a screen."""
        kept = self._settings.value(_KEY, QByteArray(), QByteArray)
        if not (isinstance(kept, QByteArray) and window.restoreGeometry(kept)):
            window.resize(FIRST)
        screen = window.screen() or QGuiApplication.primaryScreen()
        window.setGeometry(clamped(window.geometry(), screen.availableGeometry()))

    def keep(self, window: QWidget, environment: str) -> None:
        """Remember where `window` is and which environment it looks at."""
        self._settings.setValue(_KEY, window.saveGeometry())
        self._settings.setValue("window/environment", environment)
        self._settings.sync()

    def environment(self) -> str:
        """The environment looked at last; empty at a first start."""
        return str(self._settings.value("window/environment", "", str))


def clamped(wanted: QRect, screen: QRect) -> QRect:
    """`wanted`, made no larger than `screen` and moved inside it."""
    result = QRect(wanted)
    result.setSize(wanted.size().boundedTo(screen.size()))
    result.moveLeft(max(screen.left(), min(result.left(), screen.right() - result.width() + 1)))
    result.moveTop(max(screen.top(), min(result.top(), screen.bottom() - result.height() + 1)))
    return result
