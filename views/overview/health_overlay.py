"""The answers of a health check."""

from collections.abc import Sequence

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from backend.contracts.runs import Finding
from controllers import marks
from controllers.rows import Row, RowsModel
from controllers.stack_actions import verdict
from views.theme.theme import Theme
from views.widgets.base import button, label, row
from views.widgets.clipboard import copy
from views.widgets.overlay import Overlay
from views.widgets.row_list import RowList


class HealthOverlay(Overlay):
    """Shows findings with evidence and remedy."""

    def __init__(self, theme: Theme, findings: Sequence[Finding], parent: QWidget) -> None:
        super().__init__(parent, width=680)
        self._findings = tuple(findings)
        self.model = RowsModel(self)
        self.model.replace([_row(finding) for finding in findings])
        rows = RowList(theme, self.model, "Health checks", picks=False)
        rows.fit(9)
        self.close_button = button("Close", name="health-close")
        copy_button = button("Copy", "link")
        self.body.addWidget(label("Health check", "heading"))
        self.body.addWidget(label(verdict(findings), "muted"))
        self.body.addWidget(rows)
        self.body.addLayout(row(copy_button, None, self.close_button))
        copy_button.clicked.connect(self._copy)
        self.close_button.clicked.connect(self.close_overlay)
        self.closed.connect(self.deleteLater)

    @Slot()
    def _copy(self) -> None:
        copy("\n".join(f"{each.state.value}: {each.title}: {each.evidence}" for each in self._findings))


def _row(finding: Finding) -> Row:
    mark = marks.of_criterion(finding.state)
    words = (mark.word.capitalize(), finding.evidence, finding.remedy)
    return Row(finding.key, mark, finding.title, " · ".join(word for word in words if word))
