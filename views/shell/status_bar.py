"""The line at the bottom: what runs, how old that knowledge is, who holds the lock."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from controllers.monitor import Freshness, Snapshot
from controllers.wording import local_time
from views.widgets.base import label, row


class StatusBar(QWidget):
    """Release, waterfall version, schema revision, lock, connection."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "statusbar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(26)
        self.release = label()
        self.waterfall = label()
        self.schema = label()
        self.lock = label()
        self.connection = label()
        left = (self.release, self.waterfall, self.schema)
        self.setLayout(row(*left, None, self.lock, self.connection, gap=18, margin=(16, 0, 16, 0)))

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show what was measured."""
        self.connection.setText(snapshot.words)
        status = snapshot.status
        if status is None or snapshot.freshness is Freshness.UNKNOWN:
            self._show("Release unknown", "", "", "")
            return
        lock = status.lock
        holder = (
            f"Locked by {lock.operator}@{lock.host} since {local_time(lock.since, '%H:%M')}"
            if lock is not None
            else "Not locked"
        )
        self._show(
            f"Release {status.release}" if status.release else "No release",
            f"Waterfall v{status.waterfall_version}" if status.waterfall_version else "",
            f"Schema {status.schema_revision}" if status.schema_revision else "",
            holder,
        )

    def _show(self, release: str, waterfall: str, schema: str, lock: str) -> None:
        for target, text in (
            (self.release, release),
            (self.waterfall, waterfall),
            (self.schema, schema),
            (self.lock, lock),
        ):
            target.setText(text)
            target.setVisible(bool(text))
