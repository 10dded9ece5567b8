"""A first start: nothing is deployed, and one thing to do about it."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from backend.contracts.stack import StackStatus
from controllers.clock import Clock
from views.overview.attention import AttentionList
from views.theme.theme import Theme
from views.widgets.base import GAP_L, button, column, label, row
from views.widgets.card import Card
from views.widgets.state_icon import StateIcon


class FirstStart(QWidget):
    """Signals: `deploy_asked`; `action_asked` with an id of the action list."""

    deploy_asked = Signal()
    action_asked = Signal(str)

    def __init__(self, theme: Theme, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.attention = AttentionList(theme, clock)
        self.attention.action_asked.connect(self.action_asked)
        self.attention.setMinimumHeight(150)
        self.attention.setMaximumWidth(560)
        self.attention.hide()
        self.title = label("Nothing is deployed here yet", "title")
        self.explanation = label("", "muted", wrap=True)
        self.explanation.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.explanation.setMinimumWidth(430)
        self.deploy_button = button("Deploy…", "primary", name="first-deploy")
        self.deploy_button.clicked.connect(self.deploy_asked)
        self._note = label("You see the plan before anything is changed.", "faint")
        card = Card()
        card.outer.setContentsMargins(48, 40, 48, 40)
        lines = (
            row(None, StateIcon(theme, "rocket", "accent", 34), None),
            row(None, self.title, None),
            self.explanation,
            8,
            row(None, self.deploy_button, None),
            row(None, self._note, None),
        )
        card.body.addLayout(column(*lines, gap=12))
        card.setMaximumWidth(560)
        cards = column(card, self.attention, gap=GAP_L)
        middle = row(None, cards, None)
        middle.setStretch(1, 4)
        self.setLayout(column(None, middle, None))

    def show_status(self, status: StackStatus) -> None:
        """Problems show here too, such as a profile that cannot be read; without any there is no list."""
        self.attention.setVisible(bool(status.problems))
        self.attention.show_status(status)

    def show_environment(self, name: str) -> None:
        """Say in one sentence what deploying will do here."""
        self.explanation.setText(
            f"Deploying starts a database and the three enrichment services in “{name}”, checks each of the "
            "playbook's ten steps, and takes about a minute."
        )
