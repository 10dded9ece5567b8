"""The time strip: how many open letters failed when, and what was known to be wrong then."""

from datetime import datetime, timedelta

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from backend.contracts.dead_letter_views import Interval, IntervalKind, TimeStrip
from controllers.dead_letters_strip import axis_labels, chosen_words
from controllers.wording import count
from views.theme.fonts import ui_font
from views.theme.theme import Theme

_HEIGHT = 62
_FOOT, _LEAST_WORDS = 16, 48
_HALF, _HALF_FROM, _QUARTERS_FROM = 0.5, 360, 620
_TONES = {
    IntervalKind.BREAKER_OPEN: "warn",
    IntervalKind.QUOTA: "info",
    IntervalKind.DEPLOYMENT: "accent",
}


class StripView(QWidget):
    """Signals: `brushed` with begin and end of the chosen time, or two Nones for all times."""

    brushed = Signal(object, object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._strip: TimeStrip | None = None
        self._anchor: int | None = None
        self._chosen: tuple[int, int] | None = None
        self._cursor = 0
        self.setAccessibleName("Failures over time")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip("Drag to choose a time. With the keyboard: arrows, Shift+arrows; Esc: all times.")
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(400, _HEIGHT)

    def show_strip(self, strip: TimeStrip) -> None:
        """Show the slices; a chosen time stays as long as the slices are as many."""
        if self._strip is None or len(self._strip.slices) != len(strip.slices):
            self._chosen, self._cursor = None, max(0, len(strip.slices) - 1)
        self._strip = strip
        total = sum(one.count for one in strip.slices)
        self.setAccessibleDescription(f"{count(total)} open letters failed in this time")
        self.update()

    def clear(self) -> None:
        """Nothing is known."""
        self._strip, self._chosen = None, None
        self.update()

    @property
    def words(self) -> str:
        """The chosen time with its count: `14:29–14:40 · 201 of 214`."""
        if self._strip is None:
            return ""
        return chosen_words(self._strip, self._chosen)

    # Choosing --------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a time."""
        place = self._place(event.position().x())
        if place is not None and event.button() is Qt.MouseButton.LeftButton:
            self._anchor, self._chosen = place, (place, place)
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Extend it."""
        place = self._place(event.position().x())
        if self._anchor is not None and place is not None:
            self._chosen = (min(self._anchor, place), max(self._anchor, place))
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click on one slice without a letter means all times again."""
        place = self._place(event.position().x())
        if self._anchor is None:
            return
        single = place == self._anchor
        self._anchor = None
        if single and self._strip is not None and place is not None and not self._strip.slices[place].count:
            self._chosen = None
        self._tell()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move, Shift extends, Escape means all times."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if self._strip is None or not self._strip.slices:
            super().keyPressEvent(event)
        elif event.key() == Qt.Key.Key_Escape and self._chosen is not None:
            self._chosen = None
            self._tell()
        elif step is not None:
            self._move(step, extends=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        else:
            super().keyPressEvent(event)

    def _move(self, step: int, *, extends: bool) -> None:
        number = len(self._strip.slices) if self._strip is not None else 1
        anchor = self._cursor
        if extends and self._chosen is not None:
            first, last = self._chosen
            anchor = last if self._cursor == first else first
        self._cursor = min(max(self._cursor + step, 0), number - 1)
        other = anchor if extends else self._cursor
        self._chosen = (min(self._cursor, other), max(self._cursor, other))
        self._tell()

    def _tell(self) -> None:
        self.update()
        if self._chosen is None:
            self.brushed.emit(None, None)
        else:
            self.brushed.emit(*self._times())

    def _times(self) -> tuple[datetime, datetime]:
        if self._strip is None or self._chosen is None:
            raise ValueError("no time is chosen")
        first, last = self._chosen
        width = timedelta(seconds=self._strip.slice_seconds)
        return self._strip.slices[first].start, self._strip.slices[last].start + width

    def _place(self, x: float) -> int | None:
        if self._strip is None or not self._strip.slices:
            return None
        number = len(self._strip.slices)
        return min(max(int(x / max(1, self.width()) * number), 0), number - 1)

    # Drawing ---------------------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Bands, chosen time, bars, times."""
        painter = QPainter(self)
        if self._strip is None or not self._strip.slices:
            painter.setPen(QColor(self._theme.tokens.muted))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "Nothing is known of this time yet.")
        else:
            for interval in self._strip.intervals:
                self._paint_band(painter, interval)
            self._paint_chosen(painter)
            self._paint_bars(painter)
            self._paint_times(painter)
        if self.hasFocus():
            painter.setPen(QPen(QColor(self._theme.tokens.accent), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _x(self, moment: datetime) -> float:
        slices = self._strip.slices if self._strip is not None else []
        width = self._strip.slice_seconds * len(slices) if self._strip is not None else 1.0
        share = (moment - slices[0].start).total_seconds() / width
        return min(max(share, 0.0), 1.0) * self.width()

    def _paint_band(self, painter: QPainter, interval: Interval) -> None:
        tokens = self._theme.tokens
        left = self._x(interval.started_at)
        right = self.width() if interval.ended_at is None else self._x(interval.ended_at)
        if right <= left:
            return
        tone = _TONES[interval.kind]
        area = QRectF(left, 0, max(2.0, right - left), self.height() - _FOOT)
        painter.fillRect(area, QColor(tokens.tint(tone)))
        painter.setPen(QColor(tokens.colour(tone)))
        painter.setFont(ui_font(11))
        words = {
            IntervalKind.BREAKER_OPEN: f"{interval.subject} open",
            IntervalKind.QUOTA: f"{interval.subject} quota",
        }.get(interval.kind, "deploy")
        metrics, room = painter.fontMetrics(), int(area.width()) - 6
        if room < _LEAST_WORDS and metrics.horizontalAdvance(words) > room:
            return
        shown = metrics.elidedText(words, Qt.TextElideMode.ElideRight, room)
        painter.drawText(area.adjusted(3, 1, -3, 0), Qt.AlignmentFlag.AlignLeft, shown)

    def _paint_chosen(self, painter: QPainter) -> None:
        if self._chosen is None or self._strip is None:
            return
        width = self.width() / len(self._strip.slices)
        first, last = self._chosen
        area = QRectF(first * width, 0, (last - first + 1) * width, self.height() - _FOOT)
        painter.fillRect(area, QColor(self._theme.tokens.tint("accent")))
        painter.setPen(QPen(QColor(self._theme.tokens.accent), 1))
        painter.drawRect(area.adjusted(0, 0, -1, -1))

    def _paint_bars(self, painter: QPainter) -> None:
        slices = self._strip.slices if self._strip is not None else []
        most = max((one.count for one in slices), default=0) or 1
        width, room = self.width() / len(slices), self.height() - _FOOT - 14
        for place, one in enumerate(slices):
            if one.count:
                height = max(2.0, room * one.count / most)
                top = self.height() - _FOOT - height
                bar = QRectF(place * width, top, max(1.0, width - 1), height)
                painter.fillRect(bar, QColor(self._theme.tokens.bad))

    def _paint_times(self, painter: QPainter) -> None:
        if self._strip is None:
            return
        tokens = self._theme.tokens
        painter.setFont(ui_font(11))
        painter.setPen(QColor(tokens.faint))
        foot = QRectF(0, self.height() - _FOOT, self.width(), _FOOT)
        for share, words in axis_labels(self._strip):
            if self._room_for(share):
                painter.drawText(foot.translated(_shift(share, self.width()), 0), _side(share), words)

    def _room_for(self, share: float) -> bool:
        """The quarters only where the words do not run into one another."""
        return share in {0.0, 1.0} or self.width() >= (_QUARTERS_FROM if share != _HALF else _HALF_FROM)


def _side(share: float) -> Qt.AlignmentFlag:
    sides = {0.0: Qt.AlignmentFlag.AlignLeft, 1.0: Qt.AlignmentFlag.AlignRight}
    return sides.get(share, Qt.AlignmentFlag.AlignHCenter) | Qt.AlignmentFlag.AlignVCenter


def _shift(share: float, width: int) -> float:
    """From the middle of the foot to the place of an inner label."""
    return 0.0 if share in {0.0, 1.0} else (share - _HALF) * width
