"""The end of a window that a test has made with `app.desktop.make_window`."""

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication

from views.shell.main_window import MainWindow


def take_down(window: MainWindow) -> None:
    """Close the window and destroy it with its console, now. Its background has to be stopped already.

    Answers that are still on their way arrive first; afterwards nobody would be there for them.
    Outside of a running event loop deferred deletions wait until the application is destroyed, and widgets
    that go after it complain about their timers.
    """
    window.close()
    QApplication.processEvents()
    window.console.deleteLater()
    window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
