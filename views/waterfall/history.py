"""The versions of the waterfall, what differs between any two, and going back to one of them."""

from PySide6.QtCore import QModelIndex, QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QComboBox, QWidget

from backend.contracts.errors import OperatorError
from backend.contracts.waterfall import VersionSummary
from controllers.marks import Mark, Shape
from controllers.rows import Row, RowsModel
from controllers.waterfall import WaterfallController
from controllers.waterfall_versions import VersionPair
from controllers.waterfall_words import names
from controllers.wording import local_stamp
from views.theme.theme import Theme
from views.waterfall.diff_list import DiffList
from views.widgets.banner import Banner
from views.widgets.base import button, column, label, row
from views.widgets.overlay import Overlay
from views.widgets.row_list import RowList

_IN_FORCE = Mark(Shape.TICK, "ok", "in force")
_EARLIER = Mark(Shape.WAITING, "muted", "earlier")
_HEIGHT = 400


class HistoryDialog(Overlay):
    """Signals: `revert_asked` with a WaterfallConfiguration that is to come back."""

    revert_asked = Signal(object)

    def __init__(self, theme: Theme, controller: WaterfallController, parent: QWidget) -> None:
        super().__init__(parent, width=980)
        self._versions = controller.versions
        self._pair: VersionPair | None = None
        self.model = RowsModel(self)
        self.list = RowList(theme, self.model, "Versions, newest first")
        self.older_button = button("Older versions", "link", name="history-older")
        self.other = QComboBox()
        self.title = label("", "strong", wrap=True)
        self.diff = DiffList("What differs", "These two versions are alike.")
        self.banner = Banner(theme)
        self.revert_button = button("Revert…", name="history-revert")
        self.close_button = button("Close", name="history-close")
        self._arrange()
        self._wire()

    def _arrange(self) -> None:
        self.other.setAccessibleName("Compare with version")
        self.other.setMinimumWidth(150)
        left = column(self.list, row(self.older_button, None), gap=6)
        head = row(self.title, label("compared with", "muted"), self.other)
        head.setStretch(0, 1)
        area = self.diff.in_scroll_area()
        right = column(head, area, gap=12)
        right.setStretch(1, 1)
        self.list.setFixedHeight(_HEIGHT)
        middle = row(left, right, gap=22)
        middle.setStretch(0, 46)
        middle.setStretch(1, 54)
        self.body.addWidget(label("History of the waterfall", "heading"))
        self.body.addWidget(self.banner)
        self.body.addLayout(middle)
        self.body.addLayout(row(self.revert_button, None, self.close_button))

    def _wire(self) -> None:
        self._versions.listed.connect(self._on_listed)
        self._versions.compared.connect(self._on_compared)
        self._versions.failed.connect(self._on_failed)
        self.list.selectionModel().currentRowChanged.connect(self._on_current)
        self.other.activated.connect(self._compare)
        self.older_button.clicked.connect(self._versions.more)
        self.revert_button.clicked.connect(self._on_revert)
        self.close_button.clicked.connect(self.close_overlay)
        self.closed.connect(self.deleteLater)

    def ask(self) -> None:
        """Open it and read the newest versions."""
        self.open(self.list)
        self._versions.refresh()

    def _summary(self) -> VersionSummary | None:
        chosen = self.list.chosen()
        return next((each for each in self._versions.summaries if str(each.version) == chosen), None)

    @Slot()
    def _on_listed(self) -> None:
        chosen = self.list.chosen()
        summaries = self._versions.summaries
        self.model.replace([_row(each) for each in summaries])
        with QSignalBlocker(self.other):
            kept = self.other.currentData()
            self.other.clear()
            for each in summaries:
                self.other.addItem(f"v{each.version}", each.version)
            self.other.setCurrentIndex(self.other.findData(kept))
        self.older_button.setVisible(not self._versions.complete)
        if summaries:
            self.list.choose(chosen or str(summaries[0].version))
        self._enable()

    @Slot(QModelIndex)
    def _on_current(self, _index: QModelIndex) -> None:
        """A version is first compared with the one it was made from."""
        summary = self._summary()
        if summary is None:
            return
        base = self.other.findData(summary.base_version)
        self.other.setCurrentIndex(base if base >= 0 else self.other.findData(summary.version))
        self.title.setText(
            f"v{summary.version} · {summary.comment}" if summary.comment else f"v{summary.version}"
        )
        self._compare()

    @Slot()
    def _compare(self) -> None:
        summary, other = self._summary(), self.other.currentData()
        self._pair = None
        if summary is not None and isinstance(other, int):
            self._versions.compare(other, summary.version)
        self._enable()

    @Slot(object)
    def _on_compared(self, pair: VersionPair) -> None:
        self.banner.hide()
        self._pair = pair
        self.diff.show_changes(pair.changes)
        self._enable()

    @Slot(object)
    def _on_failed(self, error: OperatorError) -> None:
        self.banner.show_error(error)

    def _enable(self) -> None:
        summary = self._summary()
        self.revert_button.setEnabled(self._pair is not None and summary is not None and not summary.in_force)
        version = f" to v{summary.version}" if summary is not None else ""
        self.revert_button.setText(f"Revert{version}…")
        self.revert_button.setAccessibleName(self.revert_button.text())

    @Slot()
    def _on_revert(self) -> None:
        if self._pair is not None:
            self.close_overlay()
            self.revert_asked.emit(self._pair.new)


def _title(summary: VersionSummary) -> str:
    return f"v{summary.version} · {summary.comment}" if summary.comment else f"v{summary.version}"


def _row(summary: VersionSummary) -> Row:
    changed = f" · {names(summary.fields_changed, 3)}" if summary.fields_changed else ""
    return Row(
        key=str(summary.version),
        mark=_IN_FORCE if summary.in_force else _EARLIER,
        title=_title(summary),
        subtitle=f"{summary.author} · {local_stamp(summary.created_at)}{changed}",
        trailing="in force" if summary.in_force else "",
    )
