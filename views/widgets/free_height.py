"""A part of a screen that takes what height is left."""

from PySide6.QtWidgets import QLayout, QWidget


class FreeHeight(QWidget):
    """Takes the height that is left. Wrapped texts inside would otherwise claim one for their width."""

    def __init__(self, layout: QLayout) -> None:
        super().__init__()
        layout.setContentsMargins(0, 0, 0, 0)
        self.setLayout(layout)

    def hasHeightForWidth(self) -> bool:
        """No height follows from the width."""
        return False
