"""Four cards: services, circuit breakers, dead letters, Gold coverage."""

from PySide6.QtWidgets import QWidget

from backend.contracts.environment import DLQ_MANAGER, ENRICHMENT, GATEWAY
from backend.contracts.stack import ServiceState, StackStatus
from controllers.marks import of_service
from controllers.monitor import Freshness, Snapshot
from controllers.wording import count, share
from views.theme.theme import Theme
from views.widgets.bar import Bar
from views.widgets.base import GAP_L, GAP_S, label, restyle, row
from views.widgets.card import Card

_UNKNOWN = "Unknown"
_SHORT = {GATEWAY: "gateway", ENRICHMENT: "enrichment", DLQ_MANAGER: "dlq"}


class FigureCard(Card):
    """A figure, a word behind it, and a line of detail."""

    def __init__(self, caption: str, parent: QWidget | None = None) -> None:
        super().__init__(caption, parent=parent)
        self.figure = label("–", "figure")
        self.unit = label("", "muted")
        self.detail = label("", "muted", wrap=True)
        self.body.setSpacing(GAP_S)
        self.body.addLayout(row(self.figure, self.unit, None))
        self.body.addWidget(self.detail)
        self.body.addStretch(1)

    def show_figure(self, figure: str, unit: str, detail: str, tone: str = "") -> None:
        """Show `figure` in a tone; the word behind it carries the same news."""
        self.figure.setText(figure)
        self.unit.setText(unit)
        self.detail.setText(detail)
        restyle(self.figure, tone=tone)
        self.setAccessibleName(f"{self.caption.text()}: {figure} {unit}. {detail}")

    def show_unknown(self, why: str) -> None:
        """Nothing is known: never keep the last good figure."""
        self.show_figure("?", _UNKNOWN, why, "warn")


class StatusCards(QWidget):
    """Shows the snapshot's status."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.services = FigureCard("Services")
        self.breakers = FigureCard("Circuit breakers")
        self.dead_letters = FigureCard("Dead letters")
        self.gold = FigureCard("Gold coverage")
        self._bar = Bar(theme, "Share of Bronze requests that reached Gold")
        self.gold.body.insertWidget(2, self._bar)
        self._cards = (self.services, self.breakers, self.dead_letters, self.gold)
        layout = row(*self._cards, gap=GAP_L)
        for place in range(len(self._cards)):
            layout.setStretch(place, 1)
        self.setLayout(layout)

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show what was measured, or that nothing is known."""
        if snapshot.status is None or snapshot.freshness is Freshness.UNKNOWN:
            for card in self._cards:
                card.show_unknown("No measurement to show.")
            self._bar.show_share(0)
            return
        self._show_services(snapshot.status)
        self._show_breakers(snapshot.status)
        self._show_dead_letters(snapshot.status)
        self._show_gold(snapshot.status)

    def _show_services(self, status: StackStatus) -> None:
        healthy = [each for each in status.services if each.state is ServiceState.HEALTHY]
        total = len(status.services)
        others = [
            f"{each.name} {of_service(each.state).word}"
            for each in status.services
            if each.state is not ServiceState.HEALTHY
        ]
        times = [
            f"{_SHORT.get(each.name, each.name)} {each.health_ms:.0f} ms"
            for each in healthy
            if each.health_ms is not None
        ]
        tone = "" if len(healthy) == total else "bad"
        self.services.show_figure(
            str(len(healthy)), f"of {total} healthy", ", ".join(others) or " · ".join(times), tone
        )

    def _show_breakers(self, status: StackStatus) -> None:
        if status.breakers is None:
            self.breakers.show_unknown("The gateway does not answer.")
            return
        states = list(status.breakers.values())
        closed = states.count("closed")
        notable = [
            f"{name} {state.replace('_', '-')}"
            for name, state in status.breakers.items()
            if state != "closed"
        ]
        tone = "bad" if "open" in states else "warn" if notable else ""
        self.breakers.show_figure(
            str(closed), f"of {len(states)} closed", ", ".join(notable) or "all providers take calls", tone
        )

    def _show_dead_letters(self, status: StackStatus) -> None:
        if status.dead_letters is None:
            self.dead_letters.show_unknown("The DLQ manager does not answer.")
        elif status.letters_missing:
            word = "missing" if status.letters_missing > 0 else "too many"
            told = "the meter does not balance: retry and discard nothing"
            self.dead_letters.show_figure(count(abs(status.letters_missing)), word, told, "bad")
        elif status.dead_letters:
            self.dead_letters.show_figure(
                count(status.dead_letters), "pending", "failed enrichments that wait for somebody", "bad"
            )
        else:
            self.dead_letters.show_figure("0", "pending", "no failed enrichment waits")

    def _show_gold(self, status: StackStatus) -> None:
        layers = status.layers
        if layers is None:
            self.gold.show_unknown("The database does not answer.")
            self._bar.show_share(0)
        elif not layers.bronze:
            self.gold.show_figure("–", "", "no track has been requested yet")
            self._bar.show_share(0)
        else:
            part = min(1.0, layers.gold / layers.bronze)
            self.gold.show_figure(
                share(min(layers.gold, layers.bronze), layers.bronze), "", "of requests have reached Gold"
            )
            self._bar.show_share(part, "ok" if part >= 0.8 else "warn")
