"""Which backup to restore: one of the list, or a file."""

from collections.abc import Sequence
from pathlib import PurePath

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QFileDialog, QWidget

from backend.contracts.runs import Backup
from controllers.wording import count, local_stamp, size
from views.widgets.base import button, label, row


class BackupPicker(QWidget):
    """Signals: `picked` with a path when the operator takes another backup than the one offered."""

    picked = Signal(str)

    def __init__(self, backups: Sequence[Backup], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.box = QComboBox()
        self.box.setAccessibleName("Backup to restore")
        for backup in backups:
            self.box.addItem(describe(backup), backup.path)
        self.file_button = button("Pick a file…", tip="A .sql, .sql.gz or a backup made by the console")
        title = label("Backup", "muted")
        title.setBuddy(self.box)
        layout = row(title, self.box, self.file_button)
        layout.setStretch(1, 1)
        self.setLayout(layout)
        self.box.activated.connect(self._on_activated)
        self.file_button.clicked.connect(self._on_file)

    def path(self) -> str | None:
        """Path of the chosen backup."""
        chosen = self.box.currentData()
        return str(chosen) if chosen else None

    def select(self, path: str) -> None:
        """Show `path` as chosen."""
        if self.box.findData(path) < 0:
            self.box.addItem(f"{PurePath(path).name} · picked by you, not proven here", path)
        self.box.setCurrentIndex(self.box.findData(path))

    @Slot(int)
    def _on_activated(self, _place: int) -> None:
        self.picked.emit(self.path() or "")

    @Slot()
    def _on_file(self) -> None:
        dialog = QFileDialog(
            self, "Backup to restore", "", "Backups (*.sql *.sql.gz *.dump *.gz);;All files (*)"
        )
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.take_file)
        dialog.open()

    @Slot(str)
    def take_file(self, path: str) -> None:
        """Use a file that is not in the list."""
        self.select(path)
        self.picked.emit(path)


def describe(backup: Backup) -> str:
    """A backup in one line; whether it was proven stands in words."""
    parts = [local_stamp(backup.created_at), size(backup.size_bytes)]
    if backup.schema_revision:
        parts.append(f"schema {backup.schema_revision}")
    if backup.rows is not None:
        parts.append(f"{count(backup.rows)} rows")
    parts.append("verified by restoring it" if backup.verified else "not verified")
    return " · ".join(parts)
