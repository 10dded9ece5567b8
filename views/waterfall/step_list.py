"""The list of a field's sources: reordered by dragging, by keys, and by the arrows in each row."""

from PySide6.QtCore import QModelIndex, QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QWidget

from controllers.waterfall_rows import StepRow
from controllers.waterfall_steps import STEP_ROLE, StepsModel
from views.theme.theme import Theme
from views.waterfall.step_drag import DraggedList
from views.waterfall.step_layout import LOW_ROW_HEIGHT, ROW_HEIGHT, Part, StepLayout, step_layout

_SMALL_STEP, _LARGE_STEP = 0.01, 0.05


class StepList(DraggedList):
    """Signals, beside those of the dragging: `chosen` when another source is current; `toggled` and
    `removal_asked` with a source's name; `threshold_set` with a name and a value; `number_asked` when the
    threshold is to be typed; `addition_asked`.
    """

    chosen = Signal()
    toggled = Signal(str)
    threshold_set = Signal(str, float)
    removal_asked = Signal(str)
    number_asked = Signal()
    addition_asked = Signal()

    def __init__(self, theme: Theme, steps: StepsModel, parent: QWidget | None = None) -> None:
        super().__init__(theme, steps, parent)
        self._held: tuple[str, StepLayout] | None = None
        self._provider, self._place = "", 0
        self._set_up()
        steps.modelReset.connect(self._restore)
        steps.rowsMoved.connect(self._remember)
        self.selectionModel().currentRowChanged.connect(self._on_current)
        theme.changed.connect(self.viewport().update)

    def _set_up(self) -> None:
        self.setAccessibleName("Sources of the field, in order")
        self.setProperty("kind", "steps")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def choose(self, provider: str) -> None:
        """Make a source current."""
        place = self._steps.place_of(provider)
        if place >= 0:
            self.setCurrentIndex(self._steps.index(place))

    def move_current(self, target: int) -> None:
        """Put the current source at `target`, counted from 0; nothing happens outside of the list."""
        place, number = self.currentIndex().row(), self._steps.rowCount()
        target = max(0, min(target, number - 1))
        if 0 <= place < number and place != target:
            self._steps.move(place, target)
            self.scrollTo(self.currentIndex())

    @Slot()
    def move_up(self) -> None:
        """Put the current source one place higher."""
        self.move_current(self.currentIndex().row() - 1)

    @Slot()
    def move_down(self) -> None:
        """Put the current source one place lower."""
        self.move_current(self.currentIndex().row() + 1)

    def set_low(self, *, low: bool) -> None:
        """Lower rows where there is little room."""
        height = LOW_ROW_HEIGHT if low else ROW_HEIGHT
        if height != self._delegate.height:
            self._delegate.height = height
            self.scheduleDelayedItemsLayout()

    def wanted_height(self) -> int:
        """High enough for all rows."""
        return self._delegate.height * max(1, self._steps.rowCount()) + 4

    def sizeHint(self) -> QSize:
        """As high as its rows."""
        return QSize(360, self.wanted_height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Alt moves, Space switches, left and right change the threshold, Delete removes."""
        row, key = self.current(), Qt.Key(event.key())
        if row is None:
            super().keyPressEvent(event)
        elif event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self._move_by_key(row, event)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            large = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            step = _LARGE_STEP if large else _SMALL_STEP
            sign = 1 if key is Qt.Key.Key_Right else -1
            self.threshold_set.emit(row.provider, row.min_confidence + sign * step)
        elif not self._act_by_key(row, key):
            super().keyPressEvent(event)

    def _move_by_key(self, row: StepRow, event: QKeyEvent) -> None:
        targets = {
            Qt.Key.Key_Up: row.place - 2,
            Qt.Key.Key_Down: row.place,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: row.of - 1,
        }
        target = targets.get(Qt.Key(event.key()))
        if target is None:
            super().keyPressEvent(event)
        else:
            self.move_current(target)

    def _act_by_key(self, row: StepRow, key: Qt.Key) -> bool:
        match key:
            case Qt.Key.Key_Space:
                self.toggled.emit(row.provider)
            case Qt.Key.Key_Delete:
                self.removal_asked.emit(row.provider)
            case Qt.Key.Key_Return | Qt.Key.Key_Enter | Qt.Key.Key_F2:
                self.number_asked.emit()
            case Qt.Key.Key_Insert:
                self.addition_asked.emit()
            case _:
                return False
        return True

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Switch, slider and arrows act at once; anywhere else a drag may begin."""
        index = self.indexAt(event.position().toPoint())
        row = index.data(STEP_ROLE)
        if not isinstance(row, StepRow) or event.button() is not Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
            return
        parts = step_layout(QRectF(self.visualRect(index)))
        part = parts.part_at(event.position())
        if part is Part.BODY:
            super().mousePressEvent(event)
            return
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self.setCurrentIndex(index)
        self._press(row, part, parts, event.position())

    def _press(self, row: StepRow, part: Part, parts: StepLayout, point: QPointF) -> None:
        match part:
            case Part.SWITCH:
                self.toggled.emit(row.provider)
            case Part.UP:
                self.move_up()
            case Part.DOWN:
                self.move_down()
            case _:
                self._held = (row.provider, parts)
                self.threshold_set.emit(row.provider, parts.value_at(point.x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """A held knob follows the mouse."""
        if self._held is None:
            super().mouseMoveEvent(event)
        else:
            provider, parts = self._held
            self.threshold_set.emit(provider, parts.value_at(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let the knob go."""
        held, self._held = self._held, None
        if held is None:
            super().mouseReleaseEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Something is current as soon as the keyboard is here."""
        super().focusInEvent(event)
        if not self.currentIndex().isValid() and self._steps.rowCount():
            self.setCurrentIndex(self._steps.index(0))

    @Slot(QModelIndex)
    def _on_current(self, _index: QModelIndex) -> None:
        self._remember()
        self.chosen.emit()

    @Slot()
    def _remember(self) -> None:
        """Where the focus is, for when the list is filled anew."""
        row = self.current()
        if row is not None:
            self._provider, self._place = row.provider, self.currentIndex().row()

    @Slot()
    def _restore(self) -> None:
        """The same source stays current when the list was filled anew, or the one that took its place."""
        place, number = self._steps.place_of(self._provider), self._steps.rowCount()
        if number:
            self.setCurrentIndex(self._steps.index(place if place >= 0 else min(self._place, number - 1)))
        self.updateGeometry()
