"""Search or run a command: every action and every environment, by a few letters."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from backend.contracts.environment import Environment
from controllers.marks import Mark, Shape
from controllers.matching import ranked
from controllers.rows import Row, RowsModel
from controllers.session import place_of, title_of
from views.shell.actions import ActionList
from views.theme.theme import Theme
from views.widgets.base import label, line
from views.widgets.overlay import Overlay
from views.widgets.row_list import RowList

ENVIRONMENT = "environment:"
_READY = Mark(Shape.GO, "muted", "available")
_NOT_NOW = Mark(Shape.SKIPPED, "faint", "not now")
_MOST = 9


class CommandPalette(Overlay):
    """Signals: `chosen` with an action's id, or `environment:NAME`."""

    chosen = Signal(str)

    def __init__(
        self, theme: Theme, actions: ActionList, environments: Sequence[Environment], parent: QWidget
    ) -> None:
        super().__init__(parent, width=620, at_top=True)
        self._actions = actions
        self._entries = _entries(actions, environments)
        self._keywords = _keywords(actions, self._entries)
        self.edit = QLineEdit()
        self.edit.setProperty("kind", "palette")
        self.edit.setPlaceholderText("Search or run a command…")
        self.edit.setAccessibleName("Search or run a command")
        self.model = RowsModel(self)
        self.list = RowList(theme, self.model, "Commands", two_lines=False)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._none = label("No command matches.", "muted")
        self.body.setContentsMargins(10, 8, 10, 10)
        self.body.setSpacing(6)
        for widget in (self.edit, line(), self.list, self._none):
            self.body.addWidget(widget)
        self.edit.installEventFilter(self)
        self.edit.textChanged.connect(self._search)
        self.edit.returnPressed.connect(self._run_current)
        self.list.clicked.connect(self._on_clicked)
        self.closed.connect(self.deleteLater)
        self._search("")

    def ask(self) -> None:
        """Open it."""
        self.open(self.edit)

    @Slot(str)
    def _search(self, text: str) -> None:
        keys = ranked(text, self._keywords)
        self.model.replace([self._entries[key] for key in keys])
        self._none.setVisible(not keys)
        self.list.setVisible(bool(keys))
        self.list.fit(_MOST)
        if keys:
            self.list.setCurrentIndex(self.model.index(0))

    @Slot()
    def _run_current(self) -> None:
        key = self.list.chosen()
        if key and not self._actions.reason(key):
            self.close_overlay()
            self.chosen.emit(key)

    @Slot(QModelIndex)
    def _on_clicked(self, _index: QModelIndex) -> None:
        self._run_current()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The arrow keys move in the list while the text keeps the focus."""
        if watched is self.edit and isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
            if step and self.model.rowCount():
                place = (self.list.currentIndex().row() + step) % self.model.rowCount()
                self.list.setCurrentIndex(self.model.index(place))
                return True
        return super().eventFilter(watched, event)


def _entries(actions: ActionList, environments: Sequence[Environment]) -> dict[str, Row]:
    entries = {}
    for spec in actions.specs():
        if spec.id == "palette.open":
            continue
        reason = actions.reason(spec.id)
        trailing = reason or spec.shortcut
        entries[spec.id] = Row(
            spec.id, _NOT_NOW if reason else _READY, f"{spec.group}: {spec.title}", trailing=trailing
        )
    for environment in environments:
        key = f"{ENVIRONMENT}{environment.name}"
        entries[key] = Row(
            key, _READY, f"Environment: {title_of(environment)}", trailing=place_of(environment)
        )
    return entries


def _keywords(actions: ActionList, entries: dict[str, Row]) -> dict[str, str]:
    more = {spec.id: spec.keywords for spec in actions.specs()}
    return {key: f"{row.title} {more.get(key, '')}" for key, row in entries.items()}
