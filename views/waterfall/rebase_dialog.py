"""Somebody else's version came first: what they changed, and field by field whose version is kept."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QButtonGroup, QRadioButton, QVBoxLayout, QWidget

from backend.contracts.waterfall_diff import FieldDiff, diff
from controllers.waterfall import WaterfallController
from controllers.waterfall_rebase import Choice, Rebase
from controllers.waterfall_words import conflict_title, names
from controllers.wording import sentence
from views.waterfall.diff_list import DiffList
from views.widgets.base import button, column, frame, holder, label, row, scrolling
from views.widgets.overlay import Overlay

_WIDTH = 720
_FIELD, _MOST = 122, 250


class RebaseDialog(Overlay):
    """Two ways out: keep my changes on top of theirs, or take theirs. Both can be undone."""

    def __init__(self, controller: WaterfallController, conflict: Rebase, parent: QWidget) -> None:
        super().__init__(parent, width=_WIDTH)
        self._controller, self._conflict = controller, conflict
        self.choices: dict[str, Choice] = {}
        self.options: dict[tuple[str, Choice], QRadioButton] = {}
        self._groups: list[QButtonGroup] = []
        base = conflict.draft.base
        self._theirs = {each.field: each for each in diff(base.fields, conflict.theirs.fields)}
        self._mine = {each.field: each for each in diff(base.fields, conflict.draft.fields)}
        self.diff = DiffList("What they changed", "It changes nothing against the version you started from.")
        self.cancel_button = button("Decide later", name="rebase-cancel")
        self.theirs_button = button("Take theirs", "danger", name="rebase-theirs")
        self.mine_button = button("Keep my changes on top", "primary", name="rebase-mine")
        self._arrange(base.version)
        self.cancel_button.clicked.connect(self.close_overlay)
        self.theirs_button.clicked.connect(self._take_theirs)
        self.mine_button.clicked.connect(self._keep_mine)
        controller.changed.connect(self._follow)
        self.closed.connect(self.deleteLater)
        self._enable()

    def _arrange(self, base: int) -> None:
        conflict = self._conflict
        self.body.addWidget(label(conflict_title(conflict.theirs), "heading", wrap=True))
        self.body.addWidget(label(f"v{base} → v{conflict.theirs.version}: what they changed", "caption"))
        self.diff.show_changes(list(self._theirs.values()))
        self.body.addWidget(self.diff.in_scroll_area(_WIDTH - 44))
        if conflict.mine_alone:
            words = f"Only you changed {names(conflict.mine_alone, 8)}: kept when you keep your changes."
            self.body.addWidget(label(words, wrap=True))
        if conflict.contested:
            self.body.addWidget(label("You both changed these. Choose whose version is kept.", "caption"))
            self.body.addWidget(self._contested())
        note = "Either way you can undo it, and nothing is in force until you apply."
        self.body.addWidget(label(note, "faint"))
        self.body.addLayout(row(self.cancel_button, None, self.theirs_button, self.mine_button))

    def _contested(self) -> QWidget:
        lines: QVBoxLayout = column(gap=8)
        for name in self._conflict.contested:
            lines.addWidget(self._question(name))
        area = scrolling(holder(lines))
        area.setFixedHeight(min(_MOST, _FIELD * len(self._conflict.contested)))
        return area

    def _question(self, name: str) -> QWidget:
        group = QButtonGroup(self)
        self._groups.append(group)
        lines = column(label(name, "mono"), gap=5, margin=(12, 8, 12, 10))
        for choice, title, change in (
            (Choice.MINE, "Mine", self._mine.get(name)),
            (Choice.THEIRS, "Theirs", self._theirs.get(name)),
        ):
            option = QRadioButton(title)
            option.setAccessibleName(f"{name}: keep {title.lower()}")
            option.setFixedWidth(80)
            option.toggled.connect(self._choose)
            group.addButton(option)
            self.options[name, choice] = option
            line = row(option, label(_words(change), wrap=True), gap=8)
            line.setStretch(1, 1)
            lines.addLayout(line)
        return frame("inset", lines)

    def ask(self) -> None:
        """Open it."""
        self.open(next(iter(self.options.values()), self.cancel_button))

    @Slot()
    def _choose(self) -> None:
        self.choices = {name: choice for (name, choice), each in self.options.items() if each.isChecked()}
        self._enable()

    def _enable(self) -> None:
        decided = self._conflict.decided(self.choices)
        self.mine_button.setEnabled(decided)
        self.mine_button.setToolTip("" if decided else "Choose for every field that you both changed.")

    @Slot()
    def _follow(self) -> None:
        """Yet another version, or an undo: what is shown here is no longer what is to be decided."""
        present = self._controller.standing.conflict
        if (
            present is None
            or present.theirs != self._conflict.theirs
            or present.draft != self._conflict.draft
        ):
            self.close_overlay()

    @Slot()
    def _take_theirs(self) -> None:
        self._controller.standing.take_theirs()
        self.close_overlay()

    @Slot()
    def _keep_mine(self) -> None:
        self._controller.standing.keep_mine(self.choices)
        self.close_overlay()


def _words(change: FieldDiff | None) -> str:
    return (
        " ".join(sentence(edit.sentence()) for edit in change.edits) if change is not None else "Unchanged."
    )
