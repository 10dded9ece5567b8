"""What every field for a number needs besides its range."""

from PySide6.QtWidgets import QAbstractSpinBox

_MARGIN = 7


def set_up_number(box: QAbstractSpinBox, name: str, width: int) -> None:
    """Name box and field, for a screen reader stops at either; keep the figures off the border."""
    box.setMinimumWidth(width)
    box.setAccessibleName(name)
    box.lineEdit().setAccessibleName(name)
    box.lineEdit().setTextMargins(_MARGIN, 0, 0, 0)
