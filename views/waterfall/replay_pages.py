"""Below the figures: the values that would differ, winners, calls, and advice, one of them at a time."""

from PySide6.QtCore import QModelIndex, Qt, Slot
from PySide6.QtWidgets import QButtonGroup, QPushButton, QStackedWidget, QWidget

from backend.contracts.replay import DominatedStep, ReplayComparison
from controllers import waterfall_outcome as outcome
from controllers.marks import Mark, Shape
from controllers.rows import Row, RowsModel
from controllers.waterfall_differences import DifferencesModel
from controllers.wording import count
from views.theme.theme import Theme
from views.waterfall.difference_table import DifferenceTable
from views.waterfall.outcome_table import OutcomeTable
from views.widgets.base import button, column, frame, holder, label, row, scrolling
from views.widgets.row_list import RowList

_ADVICE = Mark(Shape.WARNING, "warn", "costs calls")


class ReplayPages(QWidget):
    """Chips above, the chosen page below."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.differences = DifferencesModel(self)
        self.advice = RowsModel(self)
        self.table = DifferenceTable(theme, self.differences)
        self.explanation = label("", wrap=True)
        self.nothing = label("", "muted", wrap=True)
        self.winners = OutcomeTable("Winners by source")
        self.calls = OutcomeTable("Calls by provider")
        self.advice_list = RowList(theme, self.advice, "Steps that cost calls and win nothing")
        self.advice_text = label("", "muted", wrap=True)
        self.values_chip = self._chip("Values")
        self.winners_chip = self._chip("Winners")
        self.calls_chip = self._chip("Calls")
        self.advice_chip = self._chip("Advice")
        self._pages = QStackedWidget()
        self._chips = QButtonGroup(self)
        self._arrange()
        self._chips.idClicked.connect(self._pages.setCurrentIndex)
        self.table.selectionModel().currentRowChanged.connect(self._explain)
        self.differences.modelReset.connect(self._explain)
        self.advice_list.selectionModel().currentRowChanged.connect(self._advise)

    @staticmethod
    def _chip(text: str) -> QPushButton:
        chip = button(text, "chip")
        chip.setCheckable(True)
        return chip

    def _arrange(self) -> None:
        chips = (self.values_chip, self.winners_chip, self.calls_chip, self.advice_chip)
        for place, chip in enumerate(chips):
            self._chips.addButton(chip, place)
        self.values_chip.setChecked(True)
        self._inset = frame("inset", row(self.explanation, margin=(10, 7, 10, 8)))
        self._inset.hide()
        values = column(self.nothing, self.table, self._inset, gap=8)
        values.setStretch(1, 1)
        self._pages.addWidget(holder(values))
        for table in (self.winners, self.calls):
            self._pages.addWidget(scrolling(holder(column(table, None))))
        advice = column(self.advice_list, self.advice_text, gap=8)
        advice.setStretch(0, 1)
        self._pages.addWidget(holder(advice))
        layout = column(row(*chips, None, gap=4), self._pages, gap=8)
        layout.setStretch(1, 1)
        self.setLayout(layout)

    def show_comparison(self, comparison: ReplayComparison, field: str, *, listed: bool) -> None:
        """Show a comparison; `listed` says whether its values are those of `field`."""
        self._show_values(comparison, field, listed=listed)
        base = f"v{comparison.base_version}"
        self.winners.show_lines(("Source", base, "draft", ""), outcome.winners(comparison, field))
        self.calls.show_lines(("Calls a track", base, "draft", "backlog"), outcome.calls(comparison))
        first = sorted(comparison.dominated, key=lambda step: step.field != field)
        rows = [_advice_row(step) for step in first]
        self.advice.replace(rows)
        self._label(self.advice_chip, "Advice", len(rows))
        if not rows:
            self.advice_text.setText("No step of the draft costs calls without winning anything.")
        elif not self.advice_list.currentIndex().isValid():
            self.advice_list.setCurrentIndex(self.advice.index(0))

    def _show_values(self, comparison: ReplayComparison, field: str, *, listed: bool) -> None:
        found = outcome.of_field(comparison, field)
        differing = found.differing if found is not None else 0
        shown = [each for each in comparison.differences if each.field == field] if listed else []
        self.differences.replace(shown, comparison.base_version)
        self._label(self.values_chip, "Values", differing)
        self.table.setVisible(bool(shown))
        words = ""
        if not differing:
            words = f"No value of {field} would be another one."
        elif listed and len(shown) < differing:
            words = f"The first {count(len(shown))} of {count(differing)}."
        self.nothing.setText(words)
        self.nothing.setVisible(bool(words))
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignTop)

    @staticmethod
    def _label(chip: QPushButton, text: str, number: int) -> None:
        shown = f"{text} {count(number)}" if number else text
        chip.setText(shown)
        chip.setAccessibleName(shown)

    @Slot()
    @Slot(QModelIndex)
    def _explain(self, _index: QModelIndex | None = None) -> None:
        words = self.table.explained()
        self.explanation.setText(words)
        self._inset.setVisible(bool(words))

    @Slot(QModelIndex)
    def _advise(self, index: QModelIndex) -> None:
        place = index.row()
        if 0 <= place < len(self.advice.rows()):
            self.advice_text.setText(self.advice.rows()[place].subtitle)


def _advice_row(step: DominatedStep) -> Row:
    title = f"{step.field} · {step.provider} at place {step.position}"
    return Row(f"{step.field} {step.provider}", _ADVICE, title, step.advice)
