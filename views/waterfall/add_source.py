"""Adding a source to a field: the providers that give it, with what is known of each."""

from PySide6.QtCore import QModelIndex, Signal, Slot
from PySide6.QtWidgets import QWidget

from controllers.rows import Row, RowsModel
from controllers.waterfall import WaterfallController
from controllers.waterfall_sources import addable
from views.theme.theme import Theme
from views.widgets.base import button, label, row
from views.widgets.overlay import Overlay
from views.widgets.row_list import RowList


class AddSourceDialog(Overlay):
    """Signals: `picked` with a provider's name."""

    picked = Signal(str)

    def __init__(self, theme: Theme, controller: WaterfallController, parent: QWidget) -> None:
        super().__init__(parent, width=620)
        field = controller.editor.field
        self.sources = addable(field, controller.live(), controller.capabilities) if field is not None else []
        self._choosable = {source.provider for source in self.sources if source.choosable}
        self.model = RowsModel(self)
        self.model.replace([Row(each.provider, each.mark, each.provider, each.note) for each in self.sources])
        self.list = RowList(theme, self.model, "Providers that can be added")
        self.list.fit(8)
        self.cancel_button = button("Cancel", name="add-source-cancel")
        self.verb_button = button("Add source", "primary", name="add-source-verb")
        name = field.field if field is not None else ""
        self.body.addWidget(label(f"Add a source of {name}", "heading"))
        words = (
            "It is put last; drag it to its place." if self.sources else f"Every provider of {name} is there."
        )
        self.body.addWidget(label(words, "muted", wrap=True))
        self.body.addWidget(self.list)
        self.body.addLayout(row(None, self.cancel_button, self.verb_button))
        self.list.setVisible(bool(self.sources))
        self.list.selectionModel().currentRowChanged.connect(self._enable)
        self.list.activated.connect(self._on_activated)
        self.cancel_button.clicked.connect(self.close_overlay)
        self.verb_button.clicked.connect(self._pick)
        self.closed.connect(self.deleteLater)
        first = next((place for place, each in enumerate(self.sources) if each.choosable), -1)
        if first >= 0:
            self.list.setCurrentIndex(self.model.index(first))
        self._enable()

    def ask(self) -> None:
        """Open it."""
        self.open(self.list if self.sources else self.cancel_button)

    @Slot()
    @Slot(QModelIndex)
    def _enable(self, _index: QModelIndex | None = None) -> None:
        self.verb_button.setEnabled(self.list.chosen() in self._choosable)

    @Slot(QModelIndex)
    def _on_activated(self, _index: QModelIndex) -> None:
        self._pick()

    @Slot()
    def _pick(self) -> None:
        chosen = self.list.chosen()
        if chosen in self._choosable:
            self.close_overlay()
            self.picked.emit(chosen)
