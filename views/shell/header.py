"""The header: which environment, the search, how fresh everything is, how much needs somebody."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QPushButton, QToolButton, QWidget

from backend.contracts.environment import Environment
from controllers.access import AccessController
from controllers.attention import count_urgent
from controllers.monitor import Freshness, Snapshot
from controllers.session import TIER_TONES, TIER_WORDS, place_of, title_of
from controllers.wording import plural
from views.shell.access_button import AccessButton
from views.theme.icons import icon
from views.theme.theme import Theme
from views.widgets.base import GAP_L, button, column, label, restyle, row
from views.widgets.pill import Pill

_FRESHNESS_TONES = {Freshness.LIVE: "ok", Freshness.STALE: "warn", Freshness.UNKNOWN: "muted"}


class Header(QWidget):
    """Signals: `environment_chosen` with a name; `management_asked`; `search_asked`; `attention_asked`."""

    environment_chosen = Signal(str)
    management_asked = Signal()
    search_asked = Signal()
    attention_asked = Signal()

    def __init__(self, theme: Theme, access: AccessController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.access = AccessButton(theme, access)
        self._environment: Environment | None = None
        self._name = label("SongNodes Console", "strong")
        self.band = QFrame()
        self.band.setProperty("kind", "band")
        self.band.setFixedHeight(3)
        self._group = QActionGroup(self)
        self._menu = QMenu(self)
        self.environment_button = QToolButton()
        self.environment_button.setText("No environment")
        self.environment_button.setAccessibleName("No environment")
        self.tier = Pill()
        self.place = label("", "faint")
        self.search_button = QPushButton("Search or run a command…")
        self.freshness = Pill("Unknown · no data yet", "muted")
        self.alerts = button("", "link", name="alerts")
        self._arrange()
        self._wire()

    def _arrange(self) -> None:
        self.environment_button.setProperty("kind", "environment")
        self.environment_button.setMenu(self._menu)
        self.environment_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.environment_button.setIconSize(QSize(14, 14))
        self.environment_button.setToolButtonStyle(
            self.environment_button.toolButtonStyle().ToolButtonTextBesideIcon
        )
        self.search_button.setProperty("kind", "search")
        self.search_button.setAccessibleName("Search or run a command")
        self.search_button.setMinimumWidth(220)
        hint = label("Ctrl K", "key")
        hint.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.search_button.setLayout(row(None, hint, margin=(0, 6, 8, 6)))
        self.search_button.setMaximumWidth(420)
        self._name.setFixedWidth(184)
        bar: QHBoxLayout = row(
            self._name, self.environment_button, self.tier, self.access, self.place, None, self.search_button,
            None, self.freshness, self.alerts, gap=10, margin=(16, 0, GAP_L, 0),
        )  # fmt: skip
        bar.setStretch(6, 3)
        surface = QWidget()
        surface.setProperty("kind", "header")
        surface.setFixedHeight(46)
        surface.setLayout(bar)
        self.setLayout(column(self.band, surface, gap=0))

    def _wire(self) -> None:
        self._group.triggered.connect(self._on_chosen)
        self.search_button.clicked.connect(self.search_asked)
        self.alerts.clicked.connect(self.attention_asked)
        self._theme.changed.connect(self._draw_icon)

    def collapse(self, collapsed: bool) -> None:
        """Leave out what stands elsewhere too, where the window is narrow."""
        self.place.setVisible(not collapsed)
        self.search_button.setText("Search…" if collapsed else "Search or run a command…")
        self._name.setMinimumWidth(0 if collapsed else 184)
        self._name.setMaximumWidth(140 if collapsed else 184)

    def show_environments(self, environments: Sequence[Environment]) -> None:
        """Fill the menu."""
        self._menu.clear()
        for environment in environments:
            entry = self._menu.addAction(f"{title_of(environment)}   {place_of(environment)}")
            entry.setData(environment.name)
            self._group.addAction(entry)
        self._menu.addSeparator()
        self._menu.addAction("Add, change, test, remove…").triggered.connect(self.management_asked)

    def show_environment(self, environment: Environment) -> None:
        """Colour and word of the environment."""
        self._environment = environment
        word = TIER_WORDS[environment.tier]
        restyle(self.band, tier=environment.tier.value)
        self.environment_button.setText(f" {title_of(environment)} ▾")
        self.environment_button.setAccessibleName(f"Environment: {environment.name}, {word}")
        self.tier.show_state(word, TIER_TONES[environment.tier], sign=False)
        self.place.setText(place_of(environment).split(" · ", maxsplit=1)[1])
        self._draw_icon()

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """How fresh, and how much needs somebody."""
        self.freshness.show_state(snapshot.words, _FRESHNESS_TONES[snapshot.freshness])
        known = snapshot.status is not None and snapshot.freshness is not Freshness.UNKNOWN
        urgent = count_urgent(snapshot.status)
        words = plural(urgent, "alert") if urgent else "No alerts"
        self.alerts.setText(words if known else "Alerts unknown")
        self.alerts.setAccessibleName(f"{self.alerts.text()}, open the overview")

    @Slot()
    def _draw_icon(self) -> None:
        if self._environment is not None:
            colour = self._theme.tokens.colour(TIER_TONES[self._environment.tier])
            self.environment_button.setIcon(icon("server", colour, 14))

    @Slot(QAction)
    def _on_chosen(self, entry: QAction) -> None:
        self.environment_chosen.emit(str(entry.data()))
