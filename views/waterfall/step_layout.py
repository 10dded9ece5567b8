"""Where the parts of a source's row are: one arithmetic for drawing them and for the mouse."""

from dataclasses import dataclass
from enum import Enum, auto

from PySide6.QtCore import QPointF, QRectF

ROW_HEIGHT, LOW_ROW_HEIGHT = 64, 54
_NARROW = 430
"""Below this width slider and gaps are smaller."""
_GROOVE_PAD = 7
"""Half a knob: the groove begins and ends this far inside the slider's area."""


class Part(Enum):
    """What the mouse can act on."""

    BODY = auto()
    SWITCH = auto()
    SLIDER = auto()
    UP = auto()
    DOWN = auto()


@dataclass(frozen=True)
class StepLayout:
    """The areas of one row."""

    card: QRectF
    handle: QRectF
    place: QRectF
    switch: QRectF
    name: QRectF
    slider: QRectF
    number: QRectF
    state: QRectF
    wins: QRectF
    up: QRectF
    down: QRectF

    def part_at(self, point: QPointF) -> Part:
        """What is under the mouse; the areas are a little larger than what is drawn."""
        for part, area in (
            (Part.SWITCH, self.switch.adjusted(-6, -8, 6, 8)),
            (Part.SLIDER, self.slider.adjusted(-2, -8, 2, 8)),
            (Part.UP, self.up),
            (Part.DOWN, self.down),
        ):
            if area.contains(point):
                return part
        return Part.BODY

    def value_at(self, x: float) -> float:
        """The threshold that the slider has with its knob at `x`."""
        left, width = self.slider.left() + _GROOVE_PAD, self.slider.width() - 2 * _GROOVE_PAD
        return min(1.0, max(0.0, (x - left) / width))

    def knob_at(self, value: float) -> QPointF:
        """Where the knob is at a threshold."""
        left, width = self.slider.left() + _GROOVE_PAD, self.slider.width() - 2 * _GROOVE_PAD
        return QPointF(left + value * width, self.slider.center().y())


def step_layout(row: QRectF) -> StepLayout:
    """The parts of the row that fills `row`; the gap to the next one is inside it."""
    card = row.adjusted(1, 3, -1, -3)
    narrow = card.width() < _NARROW
    gap, slider_width = (8, 58) if narrow else (11, 96)
    first = QRectF(card.left(), card.top() + card.height() / 2 - 19, card.width(), 18)
    second = first.translated(0, 20)

    def whole(left: float, width: float) -> QRectF:
        return QRectF(left, card.top(), width, card.height())

    handle = whole(card.left() + gap - 1, 12)
    place = whole(handle.right() + gap - 5, 20)
    switch = QRectF(place.right() + gap - 4, card.center().y() - 8.5, 30, 17)
    left = switch.right() + gap + 1
    buttons = card.right() - 28
    wins = whole(buttons - 48, 44)
    number = QRectF(wins.left() - 52, first.top(), 46, first.height())
    slider = QRectF(number.left() - 6 - slider_width, first.top() + 1, slider_width, 16)
    name = QRectF(left, first.top(), slider.left() - 8 - left, first.height())
    state = QRectF(left, second.top(), wins.left() - 6 - left, second.height())
    half = (card.height() - 4) / 2
    up = QRectF(buttons, card.top() + 2, 26, half)
    down = QRectF(buttons, card.top() + 2 + half, 26, half)
    return StepLayout(card, handle, place, switch, name, slider, number, state, wins, up, down)
