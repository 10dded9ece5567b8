"""The connection test: its verdict, and each finding with what to do."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from backend.contracts.connection import TEST_SECONDS, ConnectionReport
from backend.contracts.runs import CriterionState, Finding
from controllers.environments_rows import verdict
from controllers.marks import of_criterion
from views.theme.theme import Theme
from views.widgets.announce import announce
from views.widgets.base import GAP_L, button, clear, column, holder, label, line, row, scrolling
from views.widgets.card import Card
from views.widgets.pill import Pill
from views.widgets.state_icon import StateIcon

_REMEDIED = (CriterionState.FAILED, CriterionState.UNKNOWN, CriterionState.WARNING)


class ConnectionCard(Card):
    """Signals: `test_asked`; `stop_asked`."""

    test_asked = Signal()
    stop_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        self.pill = Pill()
        super().__init__("Connection", self.pill, parent=parent)
        self._theme = theme
        self._testing = False
        self._shown: tuple[Finding, ...] = ()
        self.button = button("Test connection", name="environment-test")
        self.about = label("", "muted", wrap=True)
        self._findings = column(gap=9)
        self.body.addWidget(self.about)
        self.body.addLayout(row(self.button, None))
        self.body.addWidget(scrolling(holder(column(self._findings, None, gap=0, margin=(0, 4, 8, 0)))), 1)
        self.button.clicked.connect(self._on_clicked)

    def show_state(self, *, testing: bool, usable: bool) -> None:
        """Whether a test is under way, and whether one could be."""
        self._testing = testing
        text = "Stop testing" if testing else "Test connection"
        self.button.setText(text)
        self.button.setAccessibleName(text)
        self.button.setEnabled(testing or usable)

    @Slot(object)
    def show_report(self, report: ConnectionReport | None) -> None:
        """Show what is known."""
        self.pill.show_state(*verdict(report))
        if report is None:
            self.about.setText(
                "Looks at everything the profile names, as it stands in the form. Changes nothing and ends "
                f"after {TEST_SECONDS:.0f} s."
            )
        else:
            self.about.setText(f"{report.seconds:.1f} s")
            if report.finished:
                announce(self, f"Connection: {self.pill.accessibleName()}")
        self._show_findings(report.findings if report is not None else ())

    def _show_findings(self, findings: tuple[Finding, ...]) -> None:
        if findings == self._shown:
            return
        self._shown = findings
        clear(self._findings)
        for place, finding in enumerate(findings):
            if place:
                self._findings.addWidget(line())
            self._findings.addWidget(self._line(finding))

    def _line(self, finding: Finding) -> QWidget:
        mark = of_criterion(finding.state)
        sign = StateIcon(self._theme, mark.shape.value, mark.tone)
        texts = column(gap=2)
        texts.addLayout(row(label(finding.title, "strong"), None, label(mark.word, "faint")))
        if finding.evidence:
            texts.addWidget(label(finding.evidence, "muted", wrap=True))
        if finding.remedy and finding.state in _REMEDIED:
            texts.addWidget(label(finding.remedy, wrap=True))
        layout = row(column(3, sign, None, gap=0), texts, gap=GAP_L - 4)
        layout.setStretch(1, 1)
        return holder(layout)

    @Slot()
    def _on_clicked(self) -> None:
        (self.stop_asked if self._testing else self.test_asked).emit()
