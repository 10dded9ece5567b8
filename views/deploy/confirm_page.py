"""Third page, on staging and production only: what is about to happen, and where."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from backend.contracts.environment import Environment
from backend.contracts.runs import Plan
from controllers.session import TIER_TONES, TIER_WORDS, title_of
from controllers.wording import plural
from views.widgets.base import GAP_L, column, label, row
from views.widgets.card import Card
from views.widgets.pill import Pill
from views.widgets.typed_name import TypedName


class ConfirmPage(QWidget):
    """Sums the plan up and asks for the environment's name where the tier wants it.

    Signals: `ready` with whether the deployment may start.
    """

    ready = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._what = label("", "heading", wrap=True)
        self._facts = label("", wrap=True)
        self._warnings = label("", wrap=True, tone="warn")
        self.typed = TypedName()
        self.typed.changed.connect(self.ready)
        self._tier = Pill()
        card = Card("Before it starts", self._tier)
        for widget in (self._what, self._facts, self._warnings):
            card.body.addWidget(widget)
        card.body.addSpacing(GAP_L)
        card.body.addLayout(row(self.typed, None))
        card.setMaximumWidth(760)
        self.setLayout(column(card, None))

    def show_plan(self, plan: Plan, environment: Environment, *, must_type: bool) -> None:
        """Show what `plan` will do to `environment`."""
        self._tier.show_state(TIER_WORDS[environment.tier], TIER_TONES[environment.tier], sign=False)
        self._what.setText(f"Deploy release {plan.release} to {title_of(environment)}")
        skipped = [step.title for step in plan.steps if step.skipped]
        facts = [
            f"{plural(len(plan.steps) - len(skipped), 'step')} will run against {environment.host}.",
            "The environment is locked for everybody else until the run has ended.",
        ]
        if skipped:
            facts.append(f"Left out: {', '.join(skipped)}.")
        self._facts.setText("\n".join(facts))
        self._warnings.setText("\n".join(f"▲ {warning}" for warning in plan.warnings))
        self._warnings.setVisible(bool(plan.warnings))
        self.typed.ask(environment.name if must_type else "")
