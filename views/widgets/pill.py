"""A pill: a short state with its shape, its word and its colour."""

from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from views.widgets.base import restyle

_SHAPES = {"ok": "●", "warn": "◐", "bad": "■", "info": "◆", "accent": "●", "muted": "○"}


class Pill(QLabel):
    """Text on a tinted ground. The sign before it differs by tone, so that it reads without colour."""

    def __init__(self, text: str = "", tone: str = "muted", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "pill")
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.show_state(text, tone)

    def show_state(self, text: str, tone: str, *, sign: bool = True) -> None:
        """Show `text` in `tone` (`ok`, `warn`, `bad`, `info`, `accent`, `muted`)."""
        tone = tone if tone in _SHAPES else "muted"
        self.setText(f"{_SHAPES[tone]} {text}" if sign and text else text)
        self.setAccessibleName(text)
        restyle(self, tone=tone)
        self.setVisible(bool(text))
