"""Which key does what."""

from PySide6.QtWidgets import QGridLayout, QWidget

from views.shell.actions import ActionList
from views.widgets.base import GAP_M, button, label, row
from views.widgets.overlay import Overlay

_ALWAYS = (
    ("Tab, Shift+Tab", "Next, previous control"),
    ("Arrow keys", "Move in lists"),
    ("Enter", "Press the button in focus, open the row in focus"),
    ("Ctrl+C", "Copy selected lines"),
    ("Ctrl+Z", "Undo in the waterfall; with Shift, redo"),
    ("Alt+↑, Alt+↓", "Move a source up, down"),
    ("Alt+Home/End", "Move a source to the first, last place"),
    ("Space, ←, →", "Switch a source, change its threshold"),
    ("Esc", "Close a dialogue"),
)


class ShortcutSheet(Overlay):
    """Lists the actions that have a shortcut, then what works everywhere."""

    def __init__(self, actions: ActionList, parent: QWidget) -> None:
        super().__init__(parent, width=460)
        self.body.addWidget(label("Keyboard shortcuts", "heading"))
        grid = QGridLayout()
        grid.setVerticalSpacing(GAP_M)
        grid.setColumnStretch(1, 1)
        pairs = [(spec.shortcut, spec.title) for spec in actions.specs() if spec.shortcut]
        for place, (key, title) in enumerate([*pairs, *_ALWAYS]):
            grid.addWidget(label(key, "mono-muted"), place, 0)
            grid.addWidget(label(title), place, 1)
        self.body.addLayout(grid)
        self.close_button = button("Close", name="shortcuts-close")
        self.close_button.clicked.connect(self.close_overlay)
        self.body.addLayout(row(None, self.close_button))
        self.closed.connect(self.deleteLater)

    def ask(self) -> None:
        """Open it."""
        self.open(self.close_button)
