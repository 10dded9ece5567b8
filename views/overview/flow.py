"""The medallion flow: rows in Bronze, Silver and Gold, and the share that goes on."""

from PySide6.QtWidgets import QLayout, QWidget

from backend.contracts.stack import LayerCounts
from controllers.wording import count, share
from views.widgets.base import GAP_S, column, label, row
from views.widgets.card import Card

_LAYERS = (
    ("Bronze", "bronze", "requests received"),
    ("Silver", "silver", "enrichments processed"),
    ("Gold", "gold", "tracks enriched"),
)


class MedallionFlow(Card):
    """Three figures with arrows between them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Medallion flow", parent=parent)
        self._figures = [label("–", "figure") for _ in _LAYERS]
        self._shares = [label("→ – →", "faint") for _ in _LAYERS[1:]]
        flow = row(gap=22)
        for place in range(len(_LAYERS)):
            flow.addLayout(self._layer(place), 1)
            if place < len(self._shares):
                flow.addWidget(self._shares[place])
                flow.addSpacing(22)
        self.body.addLayout(flow)

    def _layer(self, place: int) -> QLayout:
        name, tone, what = _LAYERS[place]
        title = label(name, "strong", tone=tone)
        return column(title, self._figures[place], label(what, "muted"), gap=GAP_S)

    def show_layers(self, layers: LayerCounts | None) -> None:
        """Show row counts as read from the database; dashes when they could not be read."""
        values = [layers.bronze, layers.silver, layers.gold] if layers is not None else []
        for place, figure in enumerate(self._figures):
            figure.setText(count(values[place]) if values else "–")
        for place, arrow in enumerate(self._shares):
            text = share(values[place + 1], values[place]) if values else "–"
            arrow.setText(f"→ {text} →")
        spoken = [f"{_LAYERS[place][0]} {value}" for place, value in enumerate(values)]
        self.setAccessibleName("Medallion flow: " + (", ".join(spoken) or "unknown"))
