"""The rollback dialogue: choices with consequences, what will happen, typed confirmation."""

from PySide6.QtCore import QSize, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QLineEdit, QWidget

from backend.contracts.environment import Environment
from backend.contracts.errors import OperatorError
from backend.contracts.runs import Plan, RollbackChoice, RollbackOptions
from controllers.rollback import RollbackOffer, must_type_name, options_of
from controllers.session import TIER_TONES, TIER_WORDS
from views.rollback.backup_picker import BackupPicker
from views.rollback.choice_card import ChoiceCard
from views.theme.theme import Theme
from views.widgets.banner import Banner
from views.widgets.base import GAP_M, button, clear, column, label, line, row
from views.widgets.card import Card
from views.widgets.code_block import CodeBlock
from views.widgets.overlay import Overlay
from views.widgets.pill import Pill
from views.widgets.typed_name import TypedName


class RollbackDialog(Overlay):
    """Asks which way back.

    Signals: `plan_asked` with RollbackOptions when a backup was picked; `confirmed` with RollbackOptions.
    """

    plan_asked = Signal(object)
    confirmed = Signal(object)

    def __init__(self, theme: Theme, offer: RollbackOffer, environment: Environment, parent: QWidget) -> None:
        super().__init__(parent, width=800)
        self._environment = environment
        self.cards = [ChoiceCard(choice) for choice in offer.choices]
        self.picker = BackupPicker(offer.backups)
        self.banner = Banner(theme)
        self._actions = column(gap=GAP_M)
        self.commands = CodeBlock("the commands of this rollback", most_lines=3)
        self.reason = QLineEdit()
        self.typed = TypedName()
        self.cancel_button = button("Cancel", name="rollback-cancel")
        self.roll_button = button("Roll back", "danger", name="rollback-confirm")
        self._arrange(environment)
        self._wire()
        self.typed.ask(environment.name if must_type_name(environment.tier) else "")
        self._choose_first()

    def _arrange(self, environment: Environment) -> None:
        self.reason.setPlaceholderText("Reason, for the journal")
        self.reason.setAccessibleName("Reason for the rollback")
        self.reason.setMaxLength(200)
        tier = Pill()
        tier.show_state(TIER_WORDS[environment.tier], TIER_TONES[environment.tier], sign=False)
        self.body.addLayout(row(label(f"Roll back {environment.name}", "heading"), tier, None, gap=12))
        self.body.addWidget(label(_suggestion(self.cards), "muted", wrap=True))
        self.body.addLayout(_grid(self.cards))
        self.body.addWidget(self.picker)
        self.body.addWidget(self.banner)
        happening = Card("What will happen", kind="inset")
        happening.body.addLayout(self._actions)
        happening.body.addWidget(self.commands)
        self.body.addWidget(happening)
        self.body.addWidget(self.reason)
        self.body.addLayout(row(self.typed, None, self.cancel_button, self.roll_button))

    def _wire(self) -> None:
        for card in self.cards:
            card.chosen.connect(self._on_chosen)
        self.picker.picked.connect(self._on_picked)
        self.typed.changed.connect(self._allow)
        self.cancel_button.clicked.connect(self.close_overlay)
        self.roll_button.clicked.connect(self._on_confirmed)
        self.closed.connect(self.deleteLater)

    @property
    def choice(self) -> RollbackChoice | None:
        """The way chosen."""
        return next((card.choice for card in self.cards if card.radio.isChecked()), None)

    def ask(self) -> None:
        """Open it; the focus is on Cancel, so that Enter does nothing serious."""
        self.open(self.cancel_button)

    def show_plan(self, plan: Plan) -> None:
        """What restoring the picked backup would do."""
        self.banner.hide()
        if plan.warnings:
            self.banner.show_note(" ".join(plan.warnings))
        steps = [step for step in plan.steps if not step.skipped]
        commands = tuple(command for step in steps for command in step.commands)
        self._show_actions(tuple(step.title for step in steps), commands)
        self._allow()

    def show_error(self, error: OperatorError) -> None:
        """The picked backup cannot be used; the dialogue stays open."""
        self.banner.show_error(error, self._environment.name)
        self._show_actions((), ())
        self.roll_button.setEnabled(False)

    def _choose_first(self) -> None:
        available = [card for card in self.cards if card.choice.available]
        wanted = [card for card in available if card.choice.recommended] or available
        if wanted:
            wanted[0].choose()
        else:
            self.picker.hide()
            self._allow()

    def _show_actions(self, actions: tuple[str, ...], commands: tuple[str, ...]) -> None:
        """What happens, and what a person would type to do the same."""
        self.commands.show_text("\n".join(commands))
        self.commands.setVisible(bool(commands))
        clear(self._actions)
        for number, action in enumerate(actions, start=1):
            if number > 1:
                self._actions.addWidget(line())
            text = row(label(str(number), "faint"), label(action, wrap=True), gap=14)
            text.setStretch(1, 1)
            holder = QWidget()
            holder.setLayout(text)
            self._actions.addWidget(holder)

    def _options(self) -> RollbackOptions | None:
        choice = self.choice
        if choice is None:
            return None
        return options_of(choice, self.picker.path(), self.reason.text().strip())

    @Slot(object)
    def _on_chosen(self, chosen: ChoiceCard) -> None:
        for card in self.cards:
            if card is not chosen:
                card.release()
        self.banner.hide()
        self.picker.setVisible(chosen.choice.backup is not None)
        if chosen.choice.backup is not None:
            self.picker.select(chosen.choice.backup)
        self._show_actions(chosen.choice.actions, chosen.choice.commands)
        self._allow()

    @Slot(str)
    def _on_picked(self, _path: str) -> None:
        options = self._options()
        if options is not None:
            self.roll_button.setEnabled(False)
            self.plan_asked.emit(options)

    @Slot()
    def _allow(self) -> None:
        self.roll_button.setEnabled(self.choice is not None and self.typed.confirmed)

    @Slot()
    def _on_confirmed(self) -> None:
        options = self._options()
        if options is not None:
            self.roll_button.setEnabled(False)
            self.confirmed.emit(options)
            self.close_overlay()

    def minimumSizeHint(self) -> QSize:
        """It lies over the window and must not widen it."""
        return QSize(0, 0)


def _grid(cards: list[ChoiceCard]) -> QGridLayout:
    """Up to three beside one another; four as two and two, so that their sentences stay short."""
    columns = 2 if len(cards) > 3 else max(1, len(cards))
    grid = QGridLayout()
    grid.setSpacing(10)
    for place, card in enumerate(cards):
        grid.addWidget(card, place // columns, place % columns)
        grid.setColumnStretch(place % columns, 1)
    return grid


def _suggestion(cards: list[ChoiceCard]) -> str:
    for card in cards:
        if card.choice.recommended:
            return f"Suggested from what is deployed now: {card.choice.title.lower()}."
    if not any(card.choice.available for card in cards):
        return "Nothing can be rolled back now; each choice says why."
    return "Each choice says what changes, what stays, and what would be lost."
