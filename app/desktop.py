"""Starts the desktop: application, theme, background thread, controllers, window; and ends them in order."""

import os
import sys
from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from app.background import BackgroundLoop
from app.unexpected import UnexpectedErrors, quit_on_signals
from backend.contracts.errors import OperatorError
from backend.contracts.runs import ExitCode
from controllers.console import Console
from controllers.ports import Ports
from controllers.streams import StreamingBackground
from views.shell.geometry import WindowMemory
from views.shell.main_window import MainWindow
from views.theme.icons import icon
from views.theme.theme import Theme
from views.theme.tokens import DARK


def start_desktop(ports: Ports) -> int:
    """Open the console and run it until its window is closed; the exit code.

    Runs at work are not touched by closing: they live in processes of their own.
    """
    application = make_application()
    background = BackgroundLoop()
    background.start()
    try:
        window = make_window(application, ports, background)
        UnexpectedErrors(window.toasts.warn).install()
        quit_on_signals(application)
        window.show()
        code = application.exec()
        # In this order: no new questions, then (below) none under way, then the loop and its thread.
        window.console.stop()
        return code
    finally:
        # Also when the window could not be made: a thread left running would keep the process alive.
        background.stop()


def make_application() -> QApplication:
    """The QApplication, with what Qt wants set before it exists."""
    QCoreApplication.setApplicationName("SongNodes Console")
    QCoreApplication.setOrganizationName("SongNodes")
    _require_display()
    return QApplication(sys.argv[:1])


def _require_display() -> None:
    """Qt aborts the whole process when it finds no display; say so in words instead."""
    wanted = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    if sys.platform == "linux" and not any(os.environ.get(name) for name in wanted):
        raise OperatorError(
            "There is no display to open the console's window on.",
            "Start it in a desktop session. Everything also works without a window: try `main.py --help`.",
            exit_code=ExitCode.REFUSED,
        )


def make_window(application: QApplication, ports: Ports, background: StreamingBackground) -> MainWindow:
    """The window with everything behind it, not shown yet."""
    theme = Theme(application, application)
    settings = ports.settings
    theme.install(settings.theme())
    application.setWindowIcon(QIcon(icon("layers", DARK.accent, 64)))
    console = Console(ports, background, parent=application)
    memory = WindowMemory(Path(settings.home()) / "state" / "desktop.ini")
    window = MainWindow(theme, console, memory)
    memory.restore(window)
    window.router.run("overview.open")
    console.session.load(memory.environment() or None)
    return window
