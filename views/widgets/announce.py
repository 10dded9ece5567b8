"""Says a change aloud to those who use a screen reader."""

from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QWidget


def announce(widget: QWidget, text: str) -> None:
    """Have `text` spoken."""
    QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(widget, text))
