"""A card: a surface with a caption, actions beside it, and a body."""

from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from views.widgets.base import GAP_L, GAP_M, column, label, row


class Card(QFrame):
    """Add content to `body`; `caption` may be changed later."""

    def __init__(
        self, caption: str = "", *actions: QWidget, kind: str = "card", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setProperty("kind", kind)
        self.caption = label(caption, "caption")
        self.head = row(self.caption, None, *actions)
        self.body: QVBoxLayout = column(gap=GAP_M)
        self.outer: QVBoxLayout = column(gap=10, margin=(16, GAP_L, 16, GAP_L))
        if caption or actions:
            self.outer.addLayout(self.head)
        self.outer.addLayout(self.body, 1)
        self.setLayout(self.outer)
