"""Dragging in the list of sources: the row is lifted, and what would change is told before it is dropped."""

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDrag,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
)
from PySide6.QtWidgets import QAbstractItemView, QListView, QWidget

from controllers.waterfall_rows import StepRow
from controllers.waterfall_steps import STEP_ROLE, StepsModel
from views.theme.theme import Theme
from views.waterfall.step_delegate import StepDelegate


class DraggedList(QListView):
    """A drop makes the view call `moveRows` of its model, once.

    Signals: `hovered` with the place that a dragged source comes from and the one it would have, both from
    0; `hover_ended` when it would be dropped nowhere.
    """

    hovered = Signal(int, int)
    hover_ended = Signal()

    def __init__(self, theme: Theme, steps: StepsModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._steps = steps
        self._theme = theme
        self._hover: tuple[int, int] | None = None
        self._before = -1
        self._delegate = StepDelegate(theme, self)
        self.setModel(steps)
        self.setItemDelegate(self._delegate)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setDropIndicatorShown(True)
        self.setAutoScroll(True)

    def current(self) -> StepRow | None:
        """The source in focus."""
        row = self.currentIndex().data(STEP_ROLE)
        return row if isinstance(row, StepRow) else None

    def startDrag(self, _actions: Qt.DropAction) -> None:
        """Lift the row: its picture follows the mouse, a shade of it stays behind."""
        row, area = self.current(), self.visualRect(self.currentIndex())
        if row is None:
            return
        drag = QDrag(self)
        drag.setMimeData(self._steps.mimeData([self.currentIndex()]))
        drag.setPixmap(self._picture(row))
        drag.setHotSpot(self.viewport().mapFromGlobal(self.cursor().pos()) - area.topLeft())
        self._delegate.lifted = row.provider
        self.viewport().update()
        drag.exec(Qt.DropAction.MoveAction)
        self._delegate.lifted = ""
        self._end_hover()
        self.viewport().update()

    def _picture(self, row: StepRow) -> QPixmap:
        size = self.visualRect(self.currentIndex()).size()
        picture = QPixmap(size * self.devicePixelRatioF())
        picture.setDevicePixelRatio(self.devicePixelRatioF())
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        area = QRectF(0, 0, size.width(), size.height())
        self._delegate.draw(painter, row, area, selected=True, focused=True)
        painter.end()
        return picture

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Tell where the source would be, so that what would change is shown before it is dropped."""
        super().dragMoveEvent(event)
        place = self.currentIndex().row()
        if event.isAccepted() and place >= 0:
            self._before = self._gap(event.position())
            hover = (place, self._before - 1 if self._before > place else self._before)
            if hover != self._hover:
                self._hover = hover
                self.hovered.emit(*hover)

    def _gap(self, point: QPointF) -> int:
        """The row before which the source would be put; the number of rows for the end."""
        index = self.indexAt(point.toPoint())
        below = self.dropIndicatorPosition() is QAbstractItemView.DropIndicatorPosition.BelowItem
        return index.row() + below if index.isValid() else self._steps.rowCount()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A bar in the gap where the source would be put, over the thin line that the view draws."""
        super().paintEvent(event)
        if self._hover is None:
            return
        last = self.visualRect(self._steps.index(self._steps.rowCount() - 1)).bottom()
        index = self._steps.index(self._before)
        middle = self.visualRect(index).top() if index.isValid() else last
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.tokens.accent))
        bar = QRectF(1, min(max(middle, 2), self.viewport().height() - 2) - 2, self.viewport().width() - 2, 4)
        painter.drawRoundedRect(bar, 2, 2)
        painter.end()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Outside of the list nothing would change."""
        super().dragLeaveEvent(event)
        self._end_hover()

    def dropEvent(self, event: QDropEvent) -> None:
        """The view asks the model to move the row."""
        self._hover = None
        super().dropEvent(event)

    def _end_hover(self) -> None:
        if self._hover is not None:
            self._hover = None
            self.hover_ended.emit()
