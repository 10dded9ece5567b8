"""Dark, light, or as the system has it."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QRadioButton, QWidget

from views.widgets.base import row
from views.widgets.card import Card

_THEMES = (("dark", "Dark"), ("light", "Light"), ("system", "As the system"))


class AppearanceCard(Card):
    """Signals: `theme_chosen` with `dark`, `light` or `system`."""

    theme_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Appearance", parent=parent)
        self._group = QButtonGroup(self)
        choices = row(gap=22)
        for name, text in _THEMES:
            choice = QRadioButton(text)
            choice.setObjectName(f"theme-{name}")
            self._group.addButton(choice)
            choices.addWidget(choice)
        choices.addStretch(1)
        self.body.addLayout(choices)
        self._group.buttonClicked.connect(self._on_clicked)

    def show_theme(self, theme: str) -> None:
        """Mark `theme` as chosen."""
        for choice in self._group.buttons():
            choice.setChecked(choice.objectName() == f"theme-{theme}")

    @Slot(object)
    def _on_clicked(self, choice: QAbstractButton) -> None:
        self.theme_chosen.emit(choice.objectName().removeprefix("theme-"))
