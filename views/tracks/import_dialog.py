"""Importing a file of tracks: what is in it, what is wrong with it, and queueing the good rows."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from backend.contracts.errors import OperatorError
from backend.contracts.imports import ImportReport
from controllers.track_import import TrackImportController
from controllers.tracks_rows import bad_rows
from controllers.wording import count, plural
from views.theme.theme import Theme
from views.widgets.banner import Banner
from views.widgets.base import button, label, row
from views.widgets.list_card import ListCard
from views.widgets.overlay import Overlay

_FORMATS = "Tracks (*.csv *.jsonl *.ndjson)"
_EXPLANATION = (
    "A CSV file whose first line names the columns track_id, artist_name and track_title, or JSON Lines with "
    "these names. Nothing is queued before you have seen what is in it."
)


class ImportDialog(Overlay):
    """Choose a file, look at the report, import."""

    def __init__(self, theme: Theme, controller: TrackImportController, parent: QWidget) -> None:
        super().__init__(parent, width=720)
        self._controller = controller
        self._path = ""
        self.banner = Banner(theme)
        self.summary = label("", "strong", wrap=True)
        self.bad = ListCard(theme, "Rows that are left out", picks=False)
        self.choose_button = button("Choose file…", name="import-choose")
        self.cancel_button = button("Cancel", name="import-cancel")
        self.import_button = button("Import", "primary", name="import-confirm")
        self.files = QFileDialog(self, "Import tracks")
        self.files.setFileMode(QFileDialog.FileMode.ExistingFile)
        self.files.setNameFilter(_FORMATS)
        self.body.addWidget(label("Import tracks", "heading"))
        self.body.addWidget(label(_EXPLANATION, "muted", wrap=True))
        self.body.addWidget(self.banner)
        self.body.addWidget(self.summary)
        self.body.addWidget(self.bad)
        self.body.addLayout(row(self.choose_button, None, self.cancel_button, self.import_button))
        self.bad.setMinimumHeight(220)
        self.bad.hide()
        self.summary.hide()
        self.import_button.setEnabled(False)
        self._wire()

    def _wire(self) -> None:
        self.choose_button.clicked.connect(self.files.open)
        self.files.fileSelected.connect(self.check)
        self.cancel_button.clicked.connect(self.close_overlay)
        self.import_button.clicked.connect(self._on_import)
        self._controller.checked.connect(self._on_checked)
        self._controller.imported.connect(self._on_imported)
        self._controller.failed.connect(self._on_failed)
        self._controller.started.connect(self._on_started)
        self._controller.ended.connect(self._on_ended)
        self.closed.connect(self.deleteLater)

    def ask(self) -> None:
        """Open it."""
        self.open(self.choose_button)

    @Slot(str)
    def check(self, path: str) -> None:
        """Read the file and show what is in it."""
        self._path = path
        self.banner.hide()
        self._controller.check(path)

    @Slot()
    def _on_import(self) -> None:
        self._controller.import_file(self._path)

    @Slot(object)
    def _on_checked(self, report: ImportReport) -> None:
        self._show(report, f"{plural(report.good, 'track')} to import")
        self.import_button.setEnabled(report.good > 0)
        self.import_button.setText(f"Import {plural(report.good, 'track')}" if report.good else "Import")

    @Slot(object)
    def _on_imported(self, report: ImportReport) -> None:
        self._show(report, f"{plural(report.queued, 'track')} queued; they are enriched in the background")
        self.import_button.setEnabled(False)
        self.import_button.setText("Imported")
        self.cancel_button.setText("Close")
        self.cancel_button.setFocus()

    def _show(self, report: ImportReport, head: str) -> None:
        out = report.rows - report.good - report.duplicates
        told = [f"{head}, of {plural(report.rows, 'row')} in {report.path}."]
        if report.duplicates:
            told.append(f"{plural(report.duplicates, 'row')} repeat a track id; the last one counts.")
        if out:
            told.append(f"{plural(out, 'row')} cannot be used.")
        self.summary.setText(" ".join(told))
        self.summary.show()
        shown = f", the first {count(len(report.bad))} of {count(out)}" if out > len(report.bad) else ""
        self.bad.caption.setText(f"Rows that are left out{shown}")
        self.bad.show_rows(bad_rows(report.bad), "", first=False)
        self.bad.setVisible(bool(report.bad))

    @Slot(object)
    def _on_failed(self, error: OperatorError) -> None:
        self.summary.hide()
        self.bad.hide()
        self.import_button.setEnabled(False)
        self.banner.show_error(error)

    @Slot()
    def _on_started(self) -> None:
        self.choose_button.setEnabled(False)
        self.import_button.setEnabled(False)

    @Slot()
    def _on_ended(self) -> None:
        self.choose_button.setEnabled(True)
