"""A plot that is only looked at: no menu, no mouse, no focus, ranges set by its owner.

Import it when pyqtgraph is loaded (see `Preload`), never at the top of a module: it costs most of a second.
"""

import pyqtgraph as graph
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor

from views.theme.fonts import ui_font
from views.theme.tokens import Tokens

_SIDES = ("left", "bottom")


def quiet_plot() -> graph.PlotWidget:
    """An empty plot with horizontal grid lines; colour it with `recolour`."""
    plot = graph.PlotWidget()
    plot.setMenuEnabled(False)
    plot.hideButtons()
    plot.setMouseEnabled(x=False, y=False)
    for part in (plot, plot.viewport()):
        part.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    plot.setFrameShape(plot.Shape.NoFrame)
    plot.getViewBox().disableAutoRange()
    plot.showGrid(y=True, alpha=0.9)
    for side in _SIDES:
        plot.getAxis(side).setStyle(tickFont=ui_font(11), tickLength=0)
    return plot


def recolour(plot: graph.PlotWidget, tokens: Tokens) -> None:
    """Ground and axes in the theme's colours; the curves are their owner's."""
    plot.setBackground(QColor(tokens.surface))
    for side in _SIDES:
        axis = plot.getAxis(side)
        axis.setPen(graph.mkPen(tokens.border, width=1))
        axis.setTextPen(graph.mkPen(tokens.faint))
