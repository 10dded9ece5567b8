"""The two type families that come with the program, so that every machine shows the same text."""

from pathlib import Path

from PySide6.QtGui import QFont, QFontDatabase

UI_FAMILY = "Inter"
MONO_FAMILY = "JetBrains Mono"
_FONTS = Path(__file__).parents[2] / "resources" / "fonts"


def load_fonts() -> None:
    """Register the bundled fonts. Needs a QGuiApplication; FileNotFoundError names a font that is missing."""
    for name in (
        "Inter-Regular.otf",
        "Inter-Medium.otf",
        "Inter-SemiBold.otf",
        "JetBrainsMono-Regular.ttf",
    ):
        if QFontDatabase.addApplicationFont(str(_FONTS / name)) == -1:
            raise FileNotFoundError(f"the font {_FONTS / name} cannot be loaded")


def ui_font(pixels: int = 13, *, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """The interface font with tabular figures, so that numbers do not jump when they change."""
    font = QFont(UI_FAMILY)
    font.setPixelSize(pixels)
    font.setWeight(weight)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


def mono_font(pixels: int = 12) -> QFont:
    """The fixed-width font for ids, commands, payloads and logs; no programming ligatures."""
    font = QFont(MONO_FAMILY)
    font.setPixelSize(pixels)
    font.setStyleHint(QFont.StyleHint.Monospace)
    font.setFeature(QFont.Tag("calt"), 0)
    return font
