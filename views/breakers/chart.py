"""Failure rate of one provider, with the times it was open or half-open shaded and the threshold drawn.

pyqtgraph comes through `Preload`, as for the overview. The chart is drawn anew when a history arrives or the
selection changes, never with the live stream, and only while it can be seen.
"""

from typing import Any

from PySide6.QtCore import QRectF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QShowEvent
from PySide6.QtWidgets import QButtonGroup, QGraphicsRectItem, QPushButton, QWidget

from backend.contracts.live import ProviderHistory
from backend.contracts.providers import BreakerState
from controllers.breakers_readings import RANGES, rate_of
from controllers.breakers_shades import Shade, shades
from controllers.clock import Clock
from controllers.preload import Preload
from controllers.wording import local_time
from views.theme.theme import Theme
from views.widgets.base import button, label
from views.widgets.card import Card

_TICKS = 6
_TOP = 108.0
"""Percent; a little above 100, so that its label has room."""
_SHADE = 0.16
_TONES = {BreakerState.OPEN: "bad", BreakerState.HALF_OPEN: "warn"}


class RateChart(Card):
    """Signals: `minutes_chosen` with the length of the range."""

    minutes_chosen = Signal(int)

    def __init__(self, theme: Theme, plots: Preload, clock: Clock, parent: QWidget | None = None) -> None:
        self._group = QButtonGroup()
        self.ranges = [self._range(minutes, words) for minutes, words in RANGES]
        super().__init__("Failure rate", *self.ranges, parent=parent)
        self._group.setParent(self)
        self._theme, self._plots, self._clock = theme, plots, clock
        self._history: ProviderHistory | None = None
        self._threshold, self._minimum = 0.5, 0
        self._plot: Any = None
        self._curve: Any = None
        self._dots: Any = None
        self._line: Any = None
        self._shades: list[QGraphicsRectItem] = []
        self._nothing = label("", "muted", wrap=True)
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.legend = label("", "faint", wrap=True)
        self.body.addWidget(self._nothing, 1)
        self.body.addWidget(self.legend)
        self._group.idClicked.connect(self.minutes_chosen)
        theme.changed.connect(self._recolour)
        plots.ready.connect(self._draw)

    def _range(self, minutes: int, words: str) -> QPushButton:
        chip = button(words, "chip", tip=f"Show the last {words}")
        chip.setCheckable(True)
        chip.setChecked(minutes == RANGES[0][0])
        self._group.addButton(chip, minutes)
        return chip

    def show_provider(self, name: str) -> None:
        """Turn to another provider; what was drawn of the one before goes away at once."""
        self.caption.setText(f"{name} · failure rate" if name else "Failure rate")
        self._show_nothing("Reading the history…" if name else "")

    def show_threshold(self, threshold: float, minimum_calls: int) -> None:
        """Where the breaker opens, and how many calls it wants to see before."""
        if (threshold, minimum_calls) != (self._threshold, self._minimum):
            self._threshold, self._minimum = threshold, minimum_calls
            self._draw()

    def show_history(self, history: ProviderHistory) -> None:
        """Draw a history."""
        self._history = history
        if not any(point.calls for point in history.points) and not history.intervals:
            self._show_nothing("No call was made in this time.", keep=history)
        else:
            self._draw()

    def show_unknown(self, why: str) -> None:
        """An old curve must not stay."""
        self._show_nothing(f"Unknown: {why}")

    def showEvent(self, event: QShowEvent) -> None:
        """Draw what arrived while nobody could see it."""
        super().showEvent(event)
        self._draw()

    def _show_nothing(self, why: str, keep: ProviderHistory | None = None) -> None:
        self._history = keep
        self._nothing.setText(why)
        self._nothing.show()
        self.legend.hide()
        if self._plot is not None:
            self._plot.hide()

    @Slot()
    def _draw(self) -> None:
        history = self._history
        if history is None or not history.points or not self.isVisible():
            return
        if not self._plots.is_ready:
            self._plots.request()
            return
        if not any(point.calls for point in history.points) and not history.intervals:
            return
        if self._plot is None:
            self._build()
        self._nothing.hide()
        self._plot.show()
        self.legend.show()
        self._draw_curve(history)
        self._draw_shades(history)
        self._tell(history)

    def _build(self) -> None:
        import pyqtgraph as graph  # noqa: PLC0415 - see the module's first lines

        from views.widgets.plot import quiet_plot  # noqa: PLC0415

        self._plot = quiet_plot()
        self._plot.setMinimumHeight(110)
        self._plot.getAxis("left").setTicks([[(each, f"{each} %") for each in (0, 25, 50, 75, 100)]])
        # One pixel: wider antialiased pens are a hundred times slower.
        self._curve = self._plot.plot(connect="finite", antialias=True)
        # A slice between quiet ones has no line to either side.
        self._dots = graph.ScatterPlotItem(size=4, pen=None)
        self._plot.addItem(self._dots)
        self._line = graph.InfiniteLine(angle=0, movable=False)
        self._plot.addItem(self._line)
        self.body.insertWidget(0, self._plot, 1)
        self._recolour()

    def _draw_curve(self, history: ProviderHistory) -> None:
        import numpy  # noqa: PLC0415 - comes with pyqtgraph

        rates = [rate_of(point) for point in history.points]
        percent = numpy.array([numpy.nan if rate is None else 100 * rate for rate in rates], dtype=float)
        middles = numpy.arange(len(rates), dtype=float) + 0.5
        known = numpy.concatenate(([False], numpy.isfinite(percent), [False]))
        alone = known[1:-1] & ~known[:-2] & ~known[2:]
        self._curve.setData(middles, percent)
        self._dots.setData(middles[alone], percent[alone])
        self._line.setValue(100 * self._threshold)
        self._plot.setRange(xRange=(0, len(rates)), yRange=(0, _TOP), padding=0)
        self._plot.getAxis("bottom").setTicks([self._ticks(history)])

    def _draw_shades(self, history: ProviderHistory) -> None:
        for old in self._shades:
            self._plot.removeItem(old)
        self._shades = [self._shade(history, each) for each in shades(history, self._clock())]
        for rectangle in self._shades:
            self._plot.addItem(rectangle)

    def _shade(self, history: ProviderHistory, shade: Shade) -> QGraphicsRectItem:
        first = history.points[0].start
        left = (shade.start - first).total_seconds() / history.slice_seconds
        right = (shade.end - first).total_seconds() / history.slice_seconds
        right = min(right, float(len(history.points)))
        rectangle = QGraphicsRectItem(QRectF(left, 0, max(0.0, right - left), _TOP))
        colour = QColor(self._theme.tokens.colour(_TONES[shade.state]))
        colour.setAlphaF(_SHADE)
        rectangle.setPen(Qt.PenStyle.NoPen)
        rectangle.setBrush(colour)
        rectangle.setZValue(-10)
        return rectangle

    def _tell(self, history: ProviderHistory) -> None:
        needed = f" over at least {self._minimum} calls" if self._minimum else ""
        self.legend.setText(
            f"Red: open · Amber: half-open · Line: threshold {100 * self._threshold:.0f} %{needed}"
        )
        known = [rate for point in history.points if (rate := rate_of(point)) is not None]
        highest = f"{100 * max(known):.0f} %" if known else "unknown"
        self.setAccessibleName(f"{self.caption.text()}: highest failure rate {highest}")

    @staticmethod
    def _ticks(history: ProviderHistory) -> list[tuple[float, str]]:
        every = max(1, len(history.points) // _TICKS)
        pattern = "%H:%M"
        return [
            (float(place), local_time(point.start, pattern))
            for place, point in enumerate(history.points)
            if place % every == 0 and place
        ]

    @Slot()
    def _recolour(self) -> None:
        if self._plot is None:
            return
        import pyqtgraph as graph  # noqa: PLC0415 - loaded by now

        from views.widgets.plot import recolour  # noqa: PLC0415

        tokens = self._theme.tokens
        recolour(self._plot, tokens)
        self._curve.setPen(graph.mkPen(tokens.accent, width=1))
        self._dots.setBrush(graph.mkBrush(tokens.accent))
        self._line.setPen(graph.mkPen(tokens.warn, width=2))
        self._draw()
