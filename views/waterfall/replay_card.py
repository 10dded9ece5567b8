"""The right of the editor: what the draft would change, replayed on stored answers."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from backend.contracts.replay import ReplayComparison
from controllers import waterfall_outcome as outcome
from controllers.marks import Mark, Shape
from controllers.waterfall_preview import Replay
from controllers.wording import count
from views.theme.theme import Theme
from views.waterfall.outcome_table import OutcomeTable
from views.waterfall.replay_pages import ReplayPages
from views.widgets.base import button, column, holder, label, row
from views.widgets.card import Card
from views.widgets.elided import ElidedLabel
from views.widgets.empty_state import EmptyState
from views.widgets.pill import Pill

_NOTHING_STORED = Mark(Shape.WAITING, "muted", "nothing stored")
_FAILED = Mark(Shape.UNKNOWN, "warn", "unknown")
_WORKING = Mark(Shape.WORKING, "accent", "replaying")


class ReplayCard(Card):
    """Signals: `again_asked` when the comparison is to be asked for anew."""

    again_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.pill = Pill()
        self.title = ElidedLabel("What would change", "caption")
        self.error = label("", wrap=True, tone="bad")
        self.again_button = button("Ask again", "link", name="waterfall-ask-again")
        self.figures = OutcomeTable("Figures before and after")
        self.unjudged = label("", wrap=True, tone="warn")
        self.pages = ReplayPages(theme)
        self.evidence = label("", "faint", wrap=True)
        self.empty = EmptyState(theme)
        self._states = QStackedWidget()
        self._arrange()
        self.again_button.clicked.connect(self.again_asked)
        self.empty.pressed.connect(self.again_asked)

    def _arrange(self) -> None:
        # This card is narrower than a screen; the explanation wraps.
        self.empty.explanation.setMinimumWidth(240)
        head = row(self.title, self.pill, gap=10)
        head.setStretch(0, 1)
        failed = row(self.error, self.again_button)
        failed.setStretch(0, 1)
        self._failed = holder(failed)
        content = column(self._failed, self.figures, self.unjudged, self.pages, self.evidence, gap=10)
        content.setStretch(3, 1)
        self._content = holder(content)
        self._states.addWidget(self._content)
        self._states.addWidget(self.empty)
        self.body.addLayout(head)
        self.body.addWidget(self._states, 1)

    def show_replay(self, replay: Replay, field: str) -> None:
        """Show the newest comparison with the field that is looked at."""
        self._show_age(replay)
        comparison = replay.comparison
        if comparison is None or not comparison.responses:
            self._show_empty(replay)
            return
        self._states.setCurrentWidget(self._content)
        self.title.setText(f"What would change · replayed on {count(comparison.tracks)} stored tracks")
        self._failed.setVisible(replay.error is not None)
        self.error.setText(replay.error.sentence() if replay.error is not None else "")
        self._show(comparison, replay, field)

    def _show(self, comparison: ReplayComparison, replay: Replay, field: str) -> None:
        heads = (field, f"v{comparison.base_version}", "draft", "")
        self.figures.show_lines(heads, outcome.figures(comparison, field))
        words = outcome.unjudged_words(comparison, field)
        self.unjudged.setText(words)
        self.unjudged.setVisible(bool(words))
        self.evidence.setText(outcome.evidence_words(comparison))
        self.pages.show_comparison(comparison, field, listed=replay.field == field)

    def _show_age(self, replay: Replay) -> None:
        comparison = replay.comparison
        if replay.error is not None:
            self.pill.show_state("out of date" if comparison is not None else "unknown", "bad")
        elif replay.busy:
            self.pill.show_state("replaying…", "accent")
        elif comparison is not None:
            self.pill.show_state(outcome.took_words(comparison), "ok")
        else:
            self.pill.show_state("", "muted")

    def _show_empty(self, replay: Replay) -> None:
        self._states.setCurrentWidget(self.empty)
        self.title.setText("What would change")
        if replay.error is not None:
            self.empty.show_state(_FAILED, "It cannot be replayed", replay.error.sentence(), "Ask again")
        elif replay.comparison is not None:
            self.empty.show_state(
                _NOTHING_STORED,
                "No stored answers yet",
                "A draft is replayed on what providers answered before. Once tracks have been enriched, this "
                "shows what the draft would change, before anything changes.",
                "Ask again",
            )
        else:
            self.empty.show_state(_WORKING, "Replaying…", "")
