"""The two lists of the editor: the fields, and the sources of the one that is looked at."""

from collections.abc import Mapping

from PySide6.QtCore import QObject

from backend.contracts.replay import ReplayComparison
from backend.contracts.waterfall import WaterfallField
from backend.contracts.waterfall_rules import problems
from controllers.rows import RowsModel
from controllers.waterfall_edits import Draft
from controllers.waterfall_feed import Surroundings
from controllers.waterfall_outcome import advice_of, of_field
from controllers.waterfall_rows import Liveness, field_row, step_rows, wins_of
from controllers.waterfall_steps import StepsModel


class WaterfallTables(QObject):
    """Fills the models from the draft and from what is known around it."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.steps = StepsModel(self)
        self.fields = RowsModel(self)

    def clear(self) -> None:
        """Show nothing."""
        self.steps.replace([])
        self.fields.replace([])

    def show(
        self,
        draft: Draft,
        field: WaterfallField,
        around: Surroundings,
        live: Mapping[str, Liveness],
        comparison: ReplayComparison | None,
    ) -> None:
        """Show all fields of the draft and the sources of `field`."""
        wrong = {each.field for each in problems(draft.fields)}
        rows = [
            field_row(each.field, around.coverage.get(each.field), draft.changed, wrong)
            for each in draft.fields
        ]
        self.fields.replace(rows)
        advice = advice_of(comparison, field.field) if comparison is not None else {}
        wins = _wins(field, around, comparison)
        self.steps.replace(step_rows(field, live, around.capabilities, wins, advice))


def _wins(field: WaterfallField, around: Surroundings, comparison: ReplayComparison | None) -> dict[str, str]:
    """By the replay, and before there is one by what stands in Gold."""
    names = [step.provider for step in field.sources]
    found = of_field(comparison, field.field) if comparison is not None else None
    if found is not None and found.after.winners:
        return wins_of(found.after.winners, names)
    coverage = around.coverage.get(field.field)
    return wins_of(coverage.by_provider, names) if coverage is not None else {}
