"""The screens that work, at the left."""

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QSizePolicy, QWidget

from controllers.breakers import Badge
from controllers.wording import count
from views.shell.navigation_button import NavigationButton
from views.theme.icons import icon
from views.theme.theme import Theme
from views.widgets.base import column, label

WIDE, NARROW = 200, 56

Entry = tuple[str, str, str, str]
"""Action, text, icon, shortcut."""

GROUPS: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    (
        "",
        (
            ("overview.open", "Overview", "layout-dashboard", "Ctrl+1"),
            ("deploy.open", "Deploy", "rocket", "Ctrl+2"),
            ("rollback.open", "Rollback", "undo-2", "Ctrl+3"),
        ),
    ),
    (
        "OPERATE",
        (
            ("breakers.open", "Circuit breakers", "zap", "Ctrl+4"),
            ("waterfall.open", "Waterfall", "arrow-down-wide-narrow", "Ctrl+5"),
            ("tracks.open", "Tracks", "list-music", "Ctrl+6"),
            ("dead-letters.open", "Dead letters", "inbox", "Ctrl+7"),
        ),
    ),
    ("CONSOLE", (("settings.open", "Settings", "settings", "Ctrl+9"),)),
)
"""Settings keep the last number, so that screens to come do not move them again."""

ENTRIES = tuple(entry for _, entries in GROUPS for entry in entries)


def _badge_text(number: int) -> str:
    return str(number) if number < 1000 else "999+"


class Navigation(QWidget):
    """Signals: `chosen` with the id of an action."""

    chosen = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setProperty("kind", "navigation")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(WIDE)
        self._group = QButtonGroup(self)
        self.buttons = {entry[0]: self._make(*entry) for entry in ENTRIES}
        self._headings = [label(title, "group") for title, _ in GROUPS if title]
        self.setLayout(column(*self._items(), None, gap=2, margin=8))
        self._group.buttonClicked.connect(self._on_clicked)
        theme.changed.connect(self._draw_icons)
        self._draw_icons()

    def _items(self) -> list[QWidget | int]:
        items: list[QWidget | int] = []
        headings = iter(self._headings)
        for title, entries in GROUPS:
            items += [10, next(headings)] if title else []
            items += [self.buttons[entry[0]] for entry in entries]
        return items

    def _make(self, action_id: str, text: str, _icon: str, shortcut: str) -> NavigationButton:
        result = NavigationButton(self._theme, text)
        result.setObjectName(action_id)
        result.setToolTip(f"{text} ({shortcut})")
        result.setProperty("kind", "nav")
        result.setCheckable(True)
        result.setIconSize(QSize(17, 17))
        result.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        result.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        result.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._group.addButton(result)
        return result

    def collapse(self, collapsed: bool) -> None:
        """Icons only, where the window is narrow; the words stay in tooltips and accessible names."""
        style = Qt.ToolButtonStyle
        for entry in self.buttons.values():
            entry.setToolButtonStyle(
                style.ToolButtonIconOnly if collapsed else style.ToolButtonTextBesideIcon
            )
        for heading in self._headings:
            heading.setVisible(not collapsed)
        self.setFixedWidth(NARROW if collapsed else WIDE)

    def show_current(self, action_id: str) -> None:
        """Mark the screen that is shown."""
        self.buttons[action_id].setChecked(True)
        self._draw_icons()

    @Slot(object)
    def show_breakers(self, badge: Badge) -> None:
        """How many providers are not closed; nothing while that is unknown."""
        words = f"{badge.count} not closed" if badge.count else "all closed"
        self.buttons["breakers.open"].show_badge(
            str(badge.count) if badge.known and badge.count else "",
            "bad" if badge.bad else "warn",
            words if badge.known else "state unknown",
        )

    def show_letters(self, pending: int | None) -> None:
        """How many dead letters wait for somebody; none: unknown."""
        words = "unknown" if pending is None else f"{count(pending)} waiting" if pending else "none waiting"
        shown = _badge_text(pending) if pending else ""
        self.buttons["dead-letters.open"].show_badge(shown, "bad", words)

    @Slot()
    def _draw_icons(self) -> None:
        tokens = self._theme.tokens
        for action_id, _, name, _ in ENTRIES:
            colour = tokens.text if self.buttons[action_id].isChecked() else tokens.muted
            self.buttons[action_id].setIcon(icon(name, colour, 17))

    @Slot(QAbstractButton)
    def _on_clicked(self, pressed: QAbstractButton) -> None:
        self.chosen.emit(pressed.objectName())
