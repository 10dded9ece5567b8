from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication

from views.theme.icons import icon_pixmap
from views.theme.theme import Theme
from views.theme.tokens import DARK, LIGHT


def test_switching_changes_palette_and_tokens(qapp: QApplication, theme: Theme) -> None:
    seen: list[str] = []
    theme.changed.connect(lambda: seen.append(theme.tokens.name))
    theme.choose("light")
    assert theme.tokens is LIGHT
    assert qapp.palette().color(QPalette.ColorRole.Window).name() == LIGHT.background
    theme.choose("dark")
    assert qapp.palette().color(QPalette.ColorRole.Window).name() == DARK.background
    assert seen == ["light", "dark"]


def test_a_desktop_that_says_nothing_gets_the_dark_theme(theme: Theme) -> None:
    theme.choose("system")
    assert theme.tokens is DARK
    theme.choose("dark")


def test_icons_take_the_colour_they_are_given(qapp: QApplication) -> None:
    image = icon_pixmap("square", "#ff0000", 24).toImage()
    colours = {
        image.pixelColor(x, y).name()
        for x in range(image.width())
        for y in range(image.height())
        if image.pixelColor(x, y).alpha() == 255
    }
    assert colours == {"#ff0000"}
