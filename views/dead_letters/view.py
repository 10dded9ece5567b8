"""The dead-letter screen: when it failed, why, which letters, one letter; and what is done about it."""

from PySide6.QtCore import QStringListModel, Qt, Signal, Slot
from PySide6.QtGui import QHideEvent, QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QCompleter,
    QHBoxLayout,
    QLineEdit,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from backend.contracts.dead_letter_query import complete
from backend.contracts.dead_letter_views import Cause, CauseList, LetterDetail, TimeStrip
from backend.contracts.errors import OperatorError
from controllers.dead_letters import SPANS, DeadLettersController
from controllers.dead_letters_feed import LettersSnapshot
from controllers.dead_letters_meter import meter_notice
from controllers.dead_letters_rows import ALL_CAUSES, cause_rows, explained, meter_sum, meter_words
from controllers.marks import Mark, Shape
from controllers.wording import count
from views.dead_letters.acting import Acting
from views.dead_letters.cause_list import CauseDelegate
from views.dead_letters.letter_panel import LetterPanel
from views.dead_letters.letter_table import LetterTableView
from views.dead_letters.meter_notice import MeterNoticeBar
from views.dead_letters.operating import Operating
from views.dead_letters.operation_bar import OperationBar
from views.dead_letters.strip import StripView
from views.theme.theme import Theme
from views.widgets.banner import Banner
from views.widgets.base import GAP_L, GAP_M, GAP_S, button, column, holder, label, row
from views.widgets.card import Card
from views.widgets.elided import ElidedLabel
from views.widgets.empty_state import EmptyState
from views.widgets.list_card import ListCard
from views.widgets.page import PageHead

_NOT_DEPLOYED = Mark(Shape.WAITING, "muted", "nothing deployed")
_NOTHING = Mark(Shape.TICK, "ok", "nothing failed")
_CAUSES_WIDTH, _PANEL_WIDTH = 264, 400
_NARROW = 1060


class DeadLettersView(QWidget):
    """Signals: `action_asked` with an id of the action list; `track_asked` with a track's id; `told` with a
    text for a toast.
    """

    action_asked = Signal(str)
    track_asked = Signal(str)
    told = Signal(str)

    def __init__(
        self, theme: Theme, controller: DeadLettersController, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme, self.controller = theme, controller
        self.head = PageHead("Dead letters")
        self.operations_button = button(
            "Operations…", name="letters-operations", tip="What was done to many (O)"
        )
        self.export_button = button("Export…", name="letters-export")
        self.banner = Banner(theme)
        self.notice = MeterNoticeBar(theme)
        self.operation = OperationBar(theme)
        self.strip = StripView(theme)
        self.strip_words = label("", "strong", wrap=True)
        self.spans = QButtonGroup(self)
        self.causes = ListCard(theme, "Groups by cause")
        self.note_button = button("Note…", "link", name="letters-note", tip="What is known about this cause")
        self.contrast_button = button(
            "Contrast…", "link", name="letters-contrast", tip="What sets it apart (C)"
        )
        self.why = label("", "muted", wrap=True)
        self.query = QLineEdit()
        self.query_problem = label("", wrap=True, tone="bad")
        self.completer = QCompleter(self)
        self.table = LetterTableView(theme, controller.table)
        self.news_button = button("", "chip", name="letters-news")
        self.meant = ElidedLabel("", "strong")
        self.all_button = button("Select all", "link", name="letters-all")
        self.sample_button = button("Try 20 first…", "primary", name="letters-sample")
        self.retry_button = button("Retry…", name="letters-retry")
        self.patch_button = button(
            "Patch…", "link", name="letters-patch", tip="Correct the payloads of many (J)"
        )
        self.more_button = button("Quarantine…", "link", name="letters-quarantine", tip="Set aside (Q)")
        self.discard_button = button("Discard…", "danger", name="letters-discard")
        self.bulk_buttons = (
            self.sample_button,
            self.retry_button,
            self.patch_button,
            self.more_button,
            self.discard_button,
        )
        self.panel = LetterPanel(theme)
        self.empty = EmptyState(theme)
        self.nothing_deployed = EmptyState(theme)
        self._states = QStackedWidget()
        self._is_unreadable = False
        self.acting = Acting(theme, self)
        self.operating = Operating(theme, self)
        self._arrange()
        self._wire()
        self._on_cleared()

    # Putting together ------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        self.head.add(self.operations_button)
        self.head.add(self.export_button)
        self.causes.setFixedWidth(_CAUSES_WIDTH)
        self.causes.list.setItemDelegate(CauseDelegate(self._theme, self.causes.list))
        self.causes.body.insertWidget(0, self.why)
        self.causes.body.insertLayout(1, row(self.contrast_button, self.note_button, None, gap=GAP_S))
        self.panel.setFixedWidth(_PANEL_WIDTH)
        middle = Card()
        middle.body.addLayout(self._query_line())
        middle.body.addWidget(self.query_problem)
        middle.body.addWidget(self.table, 1)
        middle.body.addLayout(self._action_lines())
        content = row(self.causes, middle, self.panel, gap=GAP_L)
        content.setStretch(1, 1)
        whole = column(self._strip_card(), content, gap=GAP_L)
        whole.setStretch(1, 1)
        self._full = holder(whole)
        for state in (self._full, self.empty, self.nothing_deployed):
            self._states.addWidget(state)
        layout = column(self.head, self.notice, self.banner, self.operation, self._states, gap=GAP_L)
        layout.setStretch(4, 1)
        self.setLayout(layout)
        self.nothing_deployed.show_state(
            _NOT_DEPLOYED,
            "Nothing is deployed here yet",
            "Dead letters are kept by the stack. They appear once it runs.",
            "Deploy…",
        )
        self.empty.show_state(
            _NOTHING, "No dead letter is open", "Whatever fails is kept and shown here, until it is resolved."
        )

    def _strip_card(self) -> Card:
        card = Card()
        chips = []
        for text in SPANS:
            chip = button(text, "chip", name=f"span-{text}", tip=f"The last {text}")
            chip.setCheckable(True)
            chip.setChecked(text == self.controller.span)
            self.spans.addButton(chip)
            chips.append(chip)
        beside = column(row(*chips, None, gap=4), self.strip_words, None, gap=4)
        side = holder(beside)
        side.setFixedWidth(190)
        line = row(self.strip, side, gap=GAP_L)
        line.setStretch(0, 1)
        card.body.addLayout(line)
        card.outer.setContentsMargins(16, 10, 16, 8)
        return card

    def _query_line(self) -> QHBoxLayout:
        self.query.setPlaceholderText("artist:deadmau5 attempts:>2   ( / )")
        self.query.setAccessibleName("Find letters")
        self.query.setClearButtonEnabled(True)
        self.completer.setModel(QStringListModel(self.completer))
        self.completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self.query.setCompleter(self.completer)
        self.query_problem.hide()
        self.news_button.hide()
        return row(self.query, self.news_button)

    def _action_lines(self) -> QVBoxLayout:
        meant = row(self.meant, self.all_button, self.patch_button, self.more_button, gap=GAP_S)
        meant.setStretch(0, 1)
        buttons = row(self.sample_button, self.retry_button, None, self.discard_button, gap=GAP_M)
        return column(meant, buttons)

    def _wire(self) -> None:
        controller = self.controller
        controller.causes_read.connect(self._on_causes)
        controller.strip_read.connect(self._on_strip)
        controller.table_read.connect(self._on_table)
        controller.opened.connect(self._on_letter)
        controller.failed.connect(self._on_failed)
        controller.query_refused.connect(self._on_query_refused)
        controller.news.connect(self._on_news)
        controller.cleared.connect(self._on_cleared)
        controller.cleared.connect(self.acting.forget)
        controller.feed.changed.connect(self._on_snapshot)
        controller.table.picked_changed.connect(self._show_meant)
        controller.acts.operation_changed.connect(self.operation.show_operation)
        self.causes.chosen.connect(self._on_cause)
        self.strip.brushed.connect(self._on_brushed)
        self.spans.buttonClicked.connect(self._on_span)
        self.query.textChanged.connect(self._on_query)
        self.table.chosen.connect(controller.open)
        self.all_button.clicked.connect(self._on_all)
        self.news_button.clicked.connect(controller.read_table)
        self.nothing_deployed.pressed.connect(self._on_deploy)
        self.acting.wire()
        self.operating.wire()
        for keys, slot in (
            ("/", self.focus_query),
            ("T", self.acting.ask_sample),
            ("R", self.acting.ask_retry),
            ("D", self.acting.ask_discard),
            ("Q", self.acting.ask_quarantine),
            ("A", self.operating.accept_or_resume),
            ("O", self.operating.ask_list),
            ("P", self.operating.ask_pace),
            ("E", self.acting.ask_edit),
            ("N", self.acting.ask_note),
            ("C", self.acting.ask_contrast),
            ("J", self.acting.ask_patch),
            ("L", self.acting.ask_attributes),
        ):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(slot)

    # What is shown ---------------------------------------------------------------------------------------

    def cause(self) -> Cause | None:
        """The cause that is chosen; none for all."""
        known = self.controller.causes.causes if self.controller.causes is not None else []
        wanted = self.controller.selection.fingerprint
        return next((cause for cause in known if cause.fingerprint == wanted), None)

    def title(self) -> str:
        """What is selected, in words."""
        cause = self.cause()
        parts = [cause.title if cause is not None else "all causes", self.controller.table.selection.query]
        return ", ".join(part for part in parts if part)

    @Slot(object)
    def _on_causes(self, causes: CauseList) -> None:
        total = sum(cause.open for cause in causes.causes)
        nothing_chosen = self.controller.selection.fingerprint is None and not self.controller.table.total
        self._states.setCurrentWidget(self.empty if not total and nothing_chosen else self._full)
        self.causes.show_rows(cause_rows(causes.causes, total, self.controller.clock()), "Nothing failed.")
        self._show_why()

    @Slot(object)
    def _on_strip(self, strip: TimeStrip) -> None:
        self.strip.show_strip(strip)
        self.strip_words.setText(self.strip.words)

    @Slot()
    def _on_table(self) -> None:
        self._show_meant()
        if self.controller.table.total:
            self._states.setCurrentWidget(self._full)
        letter = self.panel.letter
        place = 0 if letter is None else max(0, self.controller.table.place_of(letter.message_id))
        self.table.setCurrentIndex(self.controller.table.index(place, 1))
        if not self.controller.table.total:
            self.panel.clear()

    @Slot(object)
    def _on_letter(self, letter: LetterDetail) -> None:
        self.panel.show_letter(letter)

    @Slot(object)
    def _on_snapshot(self, snapshot: LettersSnapshot) -> None:
        words, tone = meter_words(snapshot)
        self.head.pill.show_state(words, tone)
        self.head.pill.setToolTip(meter_sum(snapshot))
        self.head.explanation.setText(meter_sum(snapshot))
        self.notice.show_notice(meter_notice(snapshot.meter))
        active = snapshot.active
        shown = self.operation.operation
        wanted = active or (snapshot.operations.get(shown.id) if shown is not None else None)
        if wanted is not None:
            self.operation.show_operation(wanted)

    @Slot(int)
    def _on_news(self, number: int) -> None:
        self.news_button.setText(f"{count(number)} new · Show" if number > 0 else "List has changed · Show")
        self.news_button.setVisible(number != 0)

    @Slot(object)
    def _on_failed(self, error: OperatorError | None) -> None:
        """What cannot be read is told as long as that is so."""
        if error is not None:
            self.acting.forget()
            self.show_error(error)
            self._is_unreadable = True
        elif self._is_unreadable:
            self.banner.hide()
            self._is_unreadable = False

    def show_error(self, error: OperatorError) -> None:
        """Say what was not done; it stays until somebody has read it."""
        self._is_unreadable = False
        environment = self.controller.environment
        self.banner.show_error(error, environment.name if environment is not None else "")

    @Slot(str)
    def _on_query_refused(self, problem: str) -> None:
        self.query_problem.setText(problem)
        self.query_problem.setVisible(bool(problem))

    @Slot()
    def _show_meant(self) -> None:
        table = self.controller.table
        total = count(table.total) if table.is_exact else f"more than {count(table.total)}"
        if table.picked_count:
            self.meant.setText(f"{count(table.picked_count)} of {total} selected")
        else:
            self.meant.setText(f"All {total} shown" if table.total else "No letter is shown")
        self.all_button.setText("Select none" if table.all_picked else "Select all")
        for part in (*self.bulk_buttons, self.export_button, self.all_button):
            part.setEnabled(table.total > 0)

    def _show_why(self) -> None:
        cause = self.cause()
        told = explained(cause) if cause is not None else ""
        note = cause.note.note.strip() if cause is not None else ""
        self.why.setText("\n".join(part for part in (told, note) if part))
        self.why.setVisible(bool(self.why.text()))
        self.note_button.setVisible(cause is not None)
        self.contrast_button.setVisible(cause is not None)

    # What is chosen --------------------------------------------------------------------------------------

    @Slot(str)
    def _on_cause(self, key: str) -> None:
        self.controller.choose_cause(None if key == ALL_CAUSES else key)
        self._show_why()

    @Slot(object, object)
    def _on_brushed(self, begin: object, end: object) -> None:
        self.strip_words.setText(self.strip.words)
        self.controller.brush(begin, end)  # type: ignore[arg-type] # Qt carries both as objects

    @Slot(QAbstractButton)
    def _on_span(self, chip: QAbstractButton) -> None:
        self.strip.clear()
        self.controller.brush(None, None)
        self.controller.choose_span(chip.text())

    @Slot(str)
    def _on_query(self, text: str) -> None:
        model = self.completer.model()
        if isinstance(model, QStringListModel):
            model.setStringList(complete(text) if text else [])
        self.controller.search(text)

    @Slot()
    def _on_all(self) -> None:
        self.controller.table.pick_all(picked=not self.controller.table.all_picked)

    @Slot()
    def focus_query(self) -> None:
        """Put the keyboard into the query."""
        self.query.setFocus()
        self.query.selectAll()

    def show_query(self, query: str) -> None:
        """Show what a query finds."""
        self.query.setText(query)

    @Slot()
    def _on_deploy(self) -> None:
        self.action_asked.emit("deploy.new")

    @Slot()
    def _on_cleared(self) -> None:
        deployed = self.controller.deployed
        self.banner.hide()
        self.operation.hide()
        self.operation.operation = None
        self.strip.clear()
        self.strip_words.setText("")
        self.causes.show_rows([], "Nothing was read yet.")
        self.panel.clear()
        self.head.pill.show_state("", "muted")
        self.head.explanation.setText("")
        self.notice.show_notice(None)
        self.export_button.setVisible(deployed)
        self.operations_button.setVisible(deployed)
        self.query.clear()
        self._show_why()
        self._show_meant()
        self._states.setCurrentWidget(self._full if deployed else self.nothing_deployed)

    def showEvent(self, event: QShowEvent) -> None:
        """Follow and read while somebody looks."""
        super().showEvent(event)
        self.controller.set_shown(shown=True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks any more."""
        super().hideEvent(event)
        self.controller.set_shown(shown=False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Narrower sides where there is less room."""
        narrow = event.size().width() < _NARROW
        self.causes.setFixedWidth(210 if narrow else _CAUSES_WIDTH)
        self.panel.setFixedWidth(318 if narrow else _PANEL_WIDTH)
        self.more_button.setVisible(not narrow)
        super().resizeEvent(event)
