"""The waterfall editor: fields, their sources in order, and what the draft would change."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QHideEvent, QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QStackedWidget, QWidget

from backend.contracts.errors import OperatorError
from controllers.breakers_head import LOOK_AGAIN, Empty
from controllers.waterfall import WaterfallController
from controllers.waterfall_edits import Draft
from controllers.waterfall_head import empty_words, head_words
from controllers.waterfall_preview import Replay
from views.theme.theme import Theme
from views.waterfall.conflict_banner import ConflictBanner
from views.waterfall.dialogs import WaterfallDialogs
from views.waterfall.draft_bar import DraftBar
from views.waterfall.field_list import FieldList
from views.waterfall.replay_card import ReplayCard
from views.waterfall.sources_card import SourcesCard
from views.widgets.announce import announce
from views.widgets.banner import Banner
from views.widgets.base import GAP_L, column, row
from views.widgets.empty_state import EmptyState
from views.widgets.free_height import FreeHeight
from views.widgets.page import PageHead

_NARROW = 1100
_FIELDS, _NARROW_FIELDS = 204, 172
_SHARES, _NARROW_SHARES = (54, 46), (55, 45)
"""Of the other two columns."""
_MARGINS, _NARROW_MARGINS = (16, 14, 16, 14), (12, 12, 12, 12)


class WaterfallView(QWidget):
    """Signals: `action_asked` with an id of the action list; `told` with a sentence."""

    action_asked = Signal(str)
    told = Signal(str)

    def __init__(self, theme: Theme, controller: WaterfallController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self.head = PageHead("Waterfall")
        self.conflict = ConflictBanner(theme)
        self.banner = Banner(theme)
        self.fields = FieldList(theme, controller.fields)
        self.sources = SourcesCard(theme, controller)
        self.replay = ReplayCard(theme)
        self.empty = EmptyState(theme)
        self.dialogs = WaterfallDialogs(theme, controller, self)
        self.bar = DraftBar(controller.editor, self.dialogs)
        self._empty: Empty | None = None
        self._reported: OperatorError | None = None
        self._states = QStackedWidget()
        self._columns: QHBoxLayout = row(self.fields, self.sources, self.replay, gap=GAP_L)
        self._arrange()
        self._wire()

    def _arrange(self) -> None:
        self.head.add(self.bar)
        self.head.explanation.hide()
        for card in (self.sources, self.replay):
            card.setMinimumWidth(300)
            card.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._full = FreeHeight(self._columns)
        self._states.addWidget(self._full)
        self._states.addWidget(self.empty)
        layout = column(self.head, self.conflict, self.banner, self._states, gap=GAP_L)
        layout.setStretch(3, 1)
        self.setLayout(layout)

    def _wire(self) -> None:
        controller, editor = self._controller, self._controller.editor
        controller.changed.connect(self._on_changed)
        controller.told.connect(self.told)
        controller.keeper.failed.connect(self._on_not_kept)
        controller.preview.changed.connect(self._on_replay)
        editor.selected.connect(self._on_selected)
        editor.spoken.connect(self._on_spoken)
        self.fields.chosen.connect(editor.select)
        self.sources.addition_asked.connect(self.dialogs.add_source)
        self.sources.copy_asked.connect(self.dialogs.copy_order)
        self.sources.place_asked.connect(self._ask_place)
        self.replay.again_asked.connect(controller.preview.ask_now)
        self.conflict.resolve_asked.connect(self.dialogs.resolve)
        self.bar.told.connect(self.told)
        self.empty.pressed.connect(self._on_empty_action)
        find = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        find.activated.connect(self.focus_filter)

    @Slot()
    def focus_filter(self) -> None:
        """Put the keyboard into the filter of fields."""
        self.fields.filter.setFocus()
        self.fields.filter.selectAll()

    def showEvent(self, event: QShowEvent) -> None:
        """Read and replay while somebody looks."""
        super().showEvent(event)
        self._controller.set_shown(True)
        self._on_changed()
        self._on_replay(self._controller.preview.replay)

    def hideEvent(self, event: QHideEvent) -> None:
        """Ask nothing while nobody does."""
        self._controller.set_shown(False)
        super().hideEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Other shares for the columns where it is narrow."""
        super().resizeEvent(event)
        narrow = event.size().width() < _NARROW
        self.fields.setFixedWidth(_NARROW_FIELDS if narrow else _FIELDS)
        self.fields.set_narrow(narrow=narrow)
        for card in (self.sources, self.replay):
            card.outer.setContentsMargins(*(_NARROW_MARGINS if narrow else _MARGINS))
        for place, share in enumerate(_NARROW_SHARES if narrow else _SHARES, 1):
            self._columns.setStretch(place, share)

    @Slot()
    def _on_changed(self) -> None:
        if not self.isVisible():
            return
        controller, draft = self._controller, self._controller.editor.draft
        empty = empty_words(draft, controller.feed.error, deployed=controller.feed.deployed)
        self._states.setCurrentWidget(self._full if empty is None else self.empty)
        self.bar.setVisible(empty is None)
        if empty is not None and empty != self._empty:
            self.empty.show_state(empty.mark, empty.title, empty.explanation, empty.label)
        self._empty = empty
        self.conflict.show_conflict(controller.standing.conflict if empty is None else None)
        if empty is None and draft is not None:
            self._show_draft(draft)
        else:
            self.head.pill.show_state("", "muted")

    def _show_draft(self, draft: Draft) -> None:
        controller, editor = self._controller, self._controller.editor
        words = head_words(
            draft, controller.standing.newest, conflict=controller.standing.conflict is not None
        )
        error = controller.feed.error
        self.head.pill.show_state(words.words, words.tone)
        self.head.pill.setToolTip(words.explanation)
        self.bar.show_draft(words.apply, bool(draft.changed))
        if error is not None and self._reported is None:
            self.banner.show_error(error, self._environment())
        elif error is None and self._reported is not None:
            self.banner.hide()
        self._reported = error
        self.fields.show_selection(editor.selection)
        self.fields.show_missing(controller.surroundings.errors)
        self.sources.show_field()

    @Slot(object)
    def _on_replay(self, replay: Replay) -> None:
        if self.isVisible():
            self.replay.show_replay(replay, self._controller.editor.selection)

    @Slot(str)
    def _on_selected(self, field: str) -> None:
        if self.isVisible():
            self.fields.show_selection(field)
            self.sources.show_field()
            self._on_replay(self._controller.preview.replay)

    @Slot(str)
    def _on_spoken(self, text: str) -> None:
        announce(self.window(), text)

    @Slot(object)
    def _on_not_kept(self, error: OperatorError) -> None:
        self.banner.show_error(error, self._environment())

    @Slot()
    def _ask_place(self) -> None:
        step = self.sources.list.current()
        if step is not None:
            self.dialogs.move_to(step, self.sources.list)

    @Slot()
    def _on_empty_action(self) -> None:
        if self._empty is None or self._empty.action == LOOK_AGAIN:
            self._controller.feed.look_again()
        else:
            self.action_asked.emit(self._empty.action)

    def _environment(self) -> str:
        environment = self._controller.environment
        return environment.name if environment is not None else ""
