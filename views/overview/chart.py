"""Throughput and failures of the last hour.

pyqtgraph is imported on the background thread when the first data arrives: it costs most of a second.
Pens are one pixel wide, ranges fixed, data numpy: thick antialiased lines are a hundred times slower.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QWidget

from controllers.preload import Preload
from controllers.wording import local_time
from views.theme.theme import Theme
from views.widgets.base import label
from views.widgets.card import Card
from views.widgets.pill import Pill

Points = Sequence[tuple[datetime, int, int]]
_TICK_EVERY = 10
_QUIET = "No track was enriched in the last hour."


class ThroughputChart(Card):
    """Two lines, told apart by colour, dash and a label at their end."""

    def __init__(self, theme: Theme, plots: Preload, parent: QWidget | None = None) -> None:
        self._enriched, self._failed = Pill(), Pill()
        self._enriched.show_state("— tracks/min", "accent", sign=False)
        self._failed.show_state("┄ failures/min", "bad", sign=False)
        super().__init__("Enrichment throughput and failures", self._enriched, self._failed, parent=parent)
        self._theme, self._plots = theme, plots
        self._plot: Any = None
        self._curves: list[Any] = []
        self._points: Points = ()
        self._empty = label(_QUIET, "muted")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self.body.addWidget(self._empty, 1)
        self.setMinimumHeight(180)
        theme.changed.connect(self._recolour)
        plots.ready.connect(self._on_ready)

    def show_unknown(self) -> None:
        """Nothing is known: an old curve must not stay."""
        self.show_points(())
        self._empty.setText("Unknown: nothing could be measured.")

    def show_points(self, points: Points) -> None:
        """Show per-minute counts: start of the minute, tracks enriched, tracks failed."""
        self._empty.setText(_QUIET)
        if points == self._points:
            return
        self._points = points
        busy = any(enriched or failed for _, enriched, failed in points)
        self._empty.setVisible(not busy)
        if self._plot is not None:
            self._plot.setVisible(busy)
        if busy and self._plots.is_ready:
            self._draw()
        elif busy:
            self._plots.request()

    @Slot()
    def _on_ready(self) -> None:
        if any(enriched or failed for _, enriched, failed in self._points):
            self._draw()

    def _build(self) -> None:
        from views.widgets.plot import quiet_plot  # noqa: PLC0415 - see the module's first lines

        self._plot = quiet_plot()
        self._curves = [self._plot.plot(skipFiniteCheck=True, antialias=True) for _ in range(2)]
        self.body.addWidget(self._plot, 1)
        self._recolour()

    @Slot()
    def _recolour(self) -> None:
        if self._plot is None:
            return
        import pyqtgraph as graph  # noqa: PLC0415 - loaded by now

        from views.widgets.plot import recolour  # noqa: PLC0415

        tokens = self._theme.tokens
        recolour(self._plot, tokens)
        self._curves[0].setPen(graph.mkPen(tokens.accent, width=1))
        self._curves[1].setPen(graph.mkPen(tokens.bad, width=1, style=Qt.PenStyle.DashLine))

    def _draw(self) -> None:
        if self._plot is None:
            self._build()
        import numpy  # noqa: PLC0415 - comes with pyqtgraph

        minutes = numpy.arange(len(self._points), dtype=float)
        for place, curve in enumerate(self._curves, start=1):
            curve.setData(minutes, numpy.array([point[place] for point in self._points], dtype=float))
        highest = max(max(enriched, failed) for _, enriched, failed in self._points)
        self._plot.setRange(
            xRange=(0, max(1, len(self._points) - 1)), yRange=(0, max(highest * 1.1, 5)), padding=0
        )
        self._plot.getAxis("bottom").setTicks([self._ticks()])
        last = self._points[-1]
        self.setAccessibleName(f"Throughput: {last[1]} tracks and {last[2]} failures in the last minute")

    def _ticks(self) -> list[tuple[float, str]]:
        return [
            (float(place), local_time(moment, "%H:%M"))
            for place, (moment, _, _) in enumerate(self._points)
            if moment.minute % _TICK_EVERY == 0
        ]
