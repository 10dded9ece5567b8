"""The theme in use, and switching it while the program runs."""

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

from views.theme.fonts import load_fonts, ui_font
from views.theme.stylesheet import stylesheet
from views.theme.tokens import DARK, LIGHT, Tokens

Role = QPalette.ColorRole


class Theme(QObject):
    """Holds the tokens in use.

    Signals: `changed` after palette and stylesheet were replaced; widgets that paint read `tokens` anew.
    """

    changed = Signal()

    def __init__(self, application: QApplication, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._application = application
        self._choice = "system"
        self.tokens: Tokens = DARK

    def install(self, choice: str) -> None:
        """Load fonts and style once, then apply `choice` (`dark`, `light` or `system`)."""
        load_fonts()
        self._application.setStyle(QStyleFactory.create("Fusion"))
        self._application.setFont(ui_font())
        self._application.styleHints().colorSchemeChanged.connect(self._follow_system)
        self.choose(choice)

    @property
    def choice(self) -> str:
        """What was chosen: `dark`, `light` or `system`."""
        return self._choice

    def choose(self, choice: str) -> None:
        """Switch to `dark`, `light`, or to what the desktop environment asks for (`system`)."""
        self._choice = choice
        self._request_scheme(choice)
        self._apply(self._wanted())

    def _request_scheme(self, choice: str) -> None:
        hints = self._application.styleHints()
        if choice == "system":
            hints.unsetColorScheme()
        else:
            hints.setColorScheme(Qt.ColorScheme.Dark if choice == "dark" else Qt.ColorScheme.Light)

    def _wanted(self) -> Tokens:
        """A desktop that does not say (offscreen, bare X11) gets the dark theme."""
        if self._choice == "system":
            light = self._application.styleHints().colorScheme() is Qt.ColorScheme.Light
            return LIGHT if light else DARK
        return LIGHT if self._choice == "light" else DARK

    @Slot()
    def _follow_system(self) -> None:
        if self._choice == "system":
            self._apply(self._wanted())

    def _apply(self, tokens: Tokens) -> None:
        """Palette first: a stylesheet change repolishes every widget and is the dear part."""
        self.tokens = tokens
        self._application.setPalette(palette(tokens))
        self._application.setStyleSheet(stylesheet(tokens))
        self.changed.emit()


def palette(tokens: Tokens) -> QPalette:
    """The palette for what the stylesheet leaves to the style."""
    result = QPalette()
    for role, colour in _roles(tokens).items():
        result.setColor(role, QColor(colour))
    for role in (Role.WindowText, Role.Text, Role.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, role, QColor(tokens.faint))
    return result


def _roles(tokens: Tokens) -> dict[QPalette.ColorRole, str]:
    return {
        Role.Window: tokens.background,
        Role.WindowText: tokens.text,
        Role.Base: tokens.surface_2,
        Role.AlternateBase: tokens.raised,
        Role.Text: tokens.text,
        Role.PlaceholderText: tokens.faint,
        Role.Button: tokens.surface_2,
        Role.ButtonText: tokens.text,
        Role.Highlight: tokens.accent_fill,
        Role.HighlightedText: tokens.on_accent,
        Role.ToolTipBase: tokens.raised,
        Role.ToolTipText: tokens.text,
        Role.Link: tokens.accent,
    }
